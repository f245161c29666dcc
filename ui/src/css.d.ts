/** The build and the tests give a style sheet as its text, for `sheet` to construct it. */
declare module "*.css" {
  const text: string;
  export default text;
}
