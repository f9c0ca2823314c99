import { StrictMode, type ReactElement } from "react"
import { renderToString } from "react-dom/server"
import { App, SocketProvider, useStatus, type Shown } from "./app.js"

const shown = JSON.parse(process.argv[2] ?? "") as Shown

const html = renderToString(
  <StrictMode>
    <SocketProvider endPoint="/socket">
      <App {...shown} />
    </SocketProvider>
  </StrictMode>,
)
const begun = process.getActiveResourcesInfo()

function Stray(): ReactElement {
  return <p>{useStatus()}</p>
}

let stray: unknown
try {
  renderToString(<Stray />)
} catch (error) {
  stray = (error as { code?: string }).code
}
console.log(JSON.stringify({ html, begun, stray }))
