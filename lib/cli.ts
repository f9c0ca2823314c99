#!/usr/bin/env node
import { processIo } from "./cli/io.js"
import { main } from "./cli/main.js"

const io = processIo()
const code = await main(process.argv.slice(2), io)
// The output is on its way; no handle that is still open (a terminal, a half-read pipe) has to keep the process alive.
io.stdout.write("", () => process.exit(code))
