import { build, type BuildFailure } from "esbuild"
import { ROOT } from "../../packaging/build.js"
import { bundlerShows, type Bundler } from "../bundler.js"
import type { Consumer } from "../consumer.js"
import { versionOf } from "../stage.js"

const bundler: Bundler = {
  name: "esbuild",
  packages: [],
  platforms: ["browser", "node"],
  async bundle({ folder }, file, platform) {
    const [entryPoints, outfile] = [[`src/${file}`], `dist/${file}`]
    const options = { bundle: true, minify: true, platform, logLevel: "silent", absWorkingDir: folder } as const
    const { errors, warnings } = await build({ ...options, entryPoints, outfile }).catch((error: BuildFailure) => error)
    return { code: errors.length, output: [...errors, ...warnings].map(({ text }) => text).join("\n") }
  },
  isQuiet: (output) => output === "",
}

export const esbuild: Consumer = {
  name: "esbuild",
  quick: true,
  version: () => versionOf("esbuild", ROOT),
  shows: (stage) => bundlerShows(stage, bundler),
}
