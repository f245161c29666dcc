/** The build gives a font's address, relative to the module that imports it. */
declare module "*.woff2" {
  const path: string;
  export default path;
}
