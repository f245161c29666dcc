/** The build gives a font's address; the tests, one relative to the module that imports it. */
declare module "*.woff2" {
  const path: string;
  export default path;
}
