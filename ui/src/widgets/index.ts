export { WidgetView } from "./WidgetView";
