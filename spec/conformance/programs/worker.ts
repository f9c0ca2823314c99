import { conformance } from "../suite.js"

/** The suite in a Worker: a request names the server, and the response is the report. */
export default {
  async fetch(request: Request): Promise<Response> {
    const { searchParams } = new URL(request.url)
    const [url = "", control = ""] = ["url", "control"].map((name) => searchParams.get(name) ?? "")
    return Response.json(await conformance({ url, control }))
  },
}
