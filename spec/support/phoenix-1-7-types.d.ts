/** An older official client beside the current one; the parts that specs use have the same types. */
declare module "phoenix-1-7" {
  export * from "phoenix"
}
