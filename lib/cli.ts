#!/usr/bin/env node
import { processIo } from "./cli/io.js"
import { main } from "./cli/main.js"

const io = processIo()
const code = await main(process.argv.slice(2), io)
// The output has been written; open handles (a terminal, a half-read pipe) must not keep the process alive.
io.stdout.write("", () => process.exit(code))
