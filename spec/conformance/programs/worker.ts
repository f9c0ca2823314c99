import { conformance } from "../suite.js"

/** The suite in a Worker: asked where the server is, it answers with what it saw. */
export default {
  async fetch(request: Request): Promise<Response> {
    const { searchParams } = new URL(request.url)
    const [url = "", control = ""] = ["url", "control"].map((name) => searchParams.get(name) ?? "")
    return Response.json(await conformance({ url, control }))
  },
}
