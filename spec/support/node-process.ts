import { compiled } from "./compiled.js"
import { Program } from "./program.js"

/** An endpoint in a process of its own: one node of a cluster. */
export class NodeProcess {
  readonly program: Program
  port = 0

  private constructor(program: Program) {
    this.program = program
  }

  /** Starts one; `ready` says when it listens. */
  static start(options: Record<string, string | number>): NodeProcess {
    const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])
    return new NodeProcess(new Program(process.execPath, [compiled("spec/support/cluster-node.ts"), ...args]))
  }

  async ready(): Promise<this> {
    this.port = Number((await this.program.printed(/^listening at (\d+)$/))[1])
    return this
  }

  /** Has it do something, and gives what came of it. */
  async do(line: string): Promise<string> {
    this.program.type(line)
    const [, answer = ""] = await this.program.printed(new RegExp(`^(?:did|failed) ${line}: (.*)$`))
    return answer
  }
}
