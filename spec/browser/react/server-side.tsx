import { StrictMode } from "react"
import { renderToString } from "react-dom/server"
import { App, SocketProvider, type Shown } from "./app.js"

const shown = JSON.parse(process.argv[2] ?? "") as Shown

const html = renderToString(
  <StrictMode>
    <SocketProvider endPoint="/socket">
      <App {...shown} />
    </SocketProvider>
  </StrictMode>,
)
console.log(JSON.stringify(html))
