import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { demand, node, run, same, type Consumer } from "../consumer.js"
import { scriptOf, TALKED, type Place, type Stage } from "../stage.js"

const VERSION = "0.83.8"
const REACT_NATIVE = "0.83.9"

const PACKAGES = [
  `metro@${VERSION}`,
  `@react-native/metro-config@${REACT_NATIVE}`,
  `@react-native/babel-preset@${REACT_NATIVE}`,
  "@babel/core@7.29.13",
  "hermes-compiler@0.14.1",
  // Every app of React Native has React.
  "react@19.2.0",
]

/** The build of an app of React Native without React Native itself, whose modules are not under test. */
const BUILD = `
const { runBuild } = require("metro")
const { getDefaultConfig, mergeConfig } = require("@react-native/metro-config")
const [entry, out, mode, resolution] = process.argv.slice(2)
const config = mergeConfig(getDefaultConfig(__dirname), {
  resolver: { unstable_enablePackageExports: resolution !== "fields" },
  serializer: { getModulesRunBeforeMainModule: () => [] },
  reporter: { update: ({ type, error }) => error && console.error(error.message) },
  maxWorkers: 1,
  resetCache: true,
})
const dev = mode === "dev"
runBuild(config, { entry, out, dev, minify: !dev, platform: "ios" }).catch((error) => {
  console.error(error.message)
  process.exitCode = 1
})
`

const MAIN = `
import { createHooks } from "rookery/react"
import { talk } from "./talk"
globalThis.outcome = talk(globalThis.ENDPOINT).then((said) => [...said, typeof createHooks().useChannel])
`

const PHONE = fileURLToPath(new URL("../programs/phone.cjs", import.meta.url))
const HERMESC: Record<string, string> = {
  linux: "linux64-bin/hermesc",
  darwin: "osx-bin/hermesc",
  win32: "win64-bin/hermesc.exe",
}

export const metro: Consumer = {
  name: "Metro",
  quick: false,
  version: () => `${VERSION}, React Native ${REACT_NATIVE}`,
  shows: (stage: Stage) => {
    let place: Place
    const build = async (entry: string, mode = "prod", resolution = "exports"): Promise<string> => {
      const { code, output } = await node(["build.cjs", entry, `out/${entry}`, mode, resolution], place.folder)
      demand(code === 0 && !/warn|error|unable to resolve/i.test(output), output)
      return place.read(`out/${entry}`)
    }
    const talks = async (): Promise<void> => {
      const { output } = await node([PHONE, join(place.folder, "out/main.js"), await stage.url()], place.folder)
      same(output.trim(), JSON.stringify([...TALKED, "function"]))
    }
    return {
      "takes the build of the platform, and nothing of Node's": async () => {
        place = await stage.project("metro", PACKAGES)
        place.write({
          "build.cjs": BUILD,
          "babel.config.js": 'module.exports = { presets: ["@react-native/babel-preset"] }',
          "talk.js": scriptOf("talk.ts"),
          "main.js": MAIN,
          "out/.keep": "",
        })
        const modules = [...(await build("main.js", "dev")).matchAll(/,"node_modules\/([^"]+)"\);$/gm)].map(
          ([, path]) => path ?? "",
        )
        const ours = modules.filter((path) => path.startsWith("rookery/")).sort()
        const entries = ["index", "msgpack", "react"].map((name) => `rookery/dist/${name}.js`)
        same(
          entries.filter((entry) => !ours.includes(entry)),
          [],
        )
        same(
          modules.filter((path) => /^ws\/|\/dist\/(node|portable)\/|\.cjs$/.test(path)),
          [],
        )
      },
      "runs as on a phone, minified": async () => {
        await build("main.js")
        await talks()
      },
      "is a program to Hermes": async () => {
        const hermesc = join(place.folder, "node_modules/hermes-compiler/hermesc", HERMESC[process.platform] ?? "")
        const { code, output } = await run(
          hermesc,
          ["-emit-binary", "-O", "-out", "out/main.hbc", "out/main.js"],
          place.folder,
        )
        demand(code === 0, output)
      },
      "runs where packages are found by fields of the manifest, as before React Native 0.79": async () => {
        await build("main.js", "prod", "fields")
        await talks()
      },
    }
  },
}
