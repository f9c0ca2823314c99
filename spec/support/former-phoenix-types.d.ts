/** The official client before 1.7; the parts that specs use have the types of the current one. */
declare module "phoenix-1-3" {
  export * from "phoenix"
}
declare module "phoenix-1-4" {
  export * from "phoenix"
}
declare module "phoenix-1-5" {
  export * from "phoenix"
}
declare module "phoenix-1-6" {
  export * from "phoenix"
}
