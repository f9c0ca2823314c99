#!/usr/bin/env node
import { processIo } from "./cli/io.js"
import { main } from "./cli/main.js"

const io = processIo()
const code = await main(process.argv.slice(2), io)
// What was written is on its way; whatever still waits (a terminal, a half-read pipe) has nothing to wait for.
io.stdout.write("", () => process.exit(code))
