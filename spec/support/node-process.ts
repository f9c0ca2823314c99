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
  static start(options: Record<string, string | number>, program = "spec/support/cluster-node.ts"): NodeProcess {
    // By one word each: a negative number would be taken for an option.
    const args = Object.entries(options).map(([name, value]) => `--${name}=${value}`)
    return new NodeProcess(new Program(process.execPath, [compiled(program), ...args]))
  }

  /** A node whose program has been started. */
  static of(program: Program): NodeProcess {
    return new NodeProcess(program)
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
