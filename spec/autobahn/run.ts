import { failuresOf, tableOf } from "./report.js"
import { runAutobahn } from "./suite.js"

/** Prints what Autobahn says of a gateway, in all cases or in those that are named. */
const wstest = process.env["AUTOBAHN_TESTSUITE"]
if (wstest === undefined || wstest === "") {
  console.log("Autobahn is left out: set AUTOBAHN_TESTSUITE to the path of its command, wstest.")
} else {
  const cases = process.argv.slice(2)
  const report = await runAutobahn(wstest, cases.length === 0 ? undefined : cases)
  const failures = failuresOf(report)
  console.log(`\n${tableOf(report)}`)
  for (const failure of failures) console.error(failure)
  process.exitCode = failures.length === 0 ? 0 : 1
}
