export { adopt, applyTheme } from "./apply";
