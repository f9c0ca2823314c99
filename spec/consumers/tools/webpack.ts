import { bundlerShows, type Bundler } from "../bundler.js"
import { node, type Consumer } from "../consumer.js"

const VERSION = "5.112.2"

/** A usual build of a page or a service, without settings for Rookery. */
const BUILD = `
const webpack = require("webpack")
const [file, target] = process.argv.slice(2)
const output = { path: __dirname + "/dist", filename: file }
webpack({ context: __dirname, mode: "production", entry: "./src/" + file, target, output }, (error, stats) => {
  if (error) throw error
  const { errors, warnings } = stats.toJson({ all: false, errors: true, warnings: true })
  for (const { message } of [...errors, ...warnings]) console.log(message)
  process.exitCode = errors.length
})
`

/** webpack's warnings about the optional packages of `ws`. */
const OF_WS = /^.*Can't resolve '(bufferutil|utf-8-validate)' in '.*[/\\]node_modules[/\\]ws[/\\]lib'\n/gm

const bundler: Bundler = {
  name: "webpack",
  packages: [`webpack@${VERSION}`],
  platforms: ["browser", "node"],
  bundle({ folder, write }, file, platform) {
    write({ "build.cjs": BUILD })
    return node(["build.cjs", file, platform === "node" ? "node" : "web"], folder)
  },
  isQuiet: (output) => output.replaceAll(OF_WS, "").trim() === "",
}

export const webpack: Consumer = {
  name: "webpack",
  quick: false,
  version: () => VERSION,
  shows: (stage) => bundlerShows(stage, bundler),
}
