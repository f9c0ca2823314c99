import { compiled } from "./compiled.js"
import { Program } from "./program.js"

/** An endpoint in a separate process: one node of a cluster. */
export class NodeProcess {
  readonly program: Program
  port = 0

  private constructor(program: Program) {
    this.program = program
  }

  /** Starts one; `ready` resolves when it listens. */
  static start(options: Record<string, string | number>): NodeProcess {
    const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])
    return new NodeProcess(new Program(process.execPath, [compiled("spec/support/cluster-node.ts"), ...args]))
  }

  async ready(): Promise<this> {
    this.port = Number((await this.program.printed(/^listening at (\d+)$/))[1])
    return this
  }

  /** Runs a command in the node, and returns its result. */
  async do(line: string): Promise<string> {
    this.program.type(line)
    const [, answer = ""] = await this.program.printed(new RegExp(`^(?:did|failed) ${line}: (.*)$`))
    return answer
  }
}
