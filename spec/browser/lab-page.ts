import { Lab } from "./lab.js"

declare global {
  /** The client of a page. */
  var lab: Lab
}

globalThis.lab = new Lab()
