import { atEndOfTurn } from "../platform/end-of-turn.js"

/** What is joined into one buffer: large frames cost more to copy than another write does. */
const BLOCK = 65_536

/** Serializers in one room that still share their runs; JSON of two versions, MessagePack and one of the user's. */
const HEADS = 4

/**
 * A run of frames, as a chain: each node is the run before it and one frame more. Sockets of one room get the same
 * frames, so they come by the same nodes, and what they get in one turn is joined once for all of them.
 */
export class FrameChain {
  readonly length: number
  readonly #previous: FrameChain | undefined
  /** The frame it ends with. */
  readonly last: Buffer
  #nextFrame: Buffer | undefined
  #next: FrameChain | undefined
  #blocks: readonly Buffer[] | undefined
  #claimed = false

  constructor(previous: FrameChain | undefined, frame: Buffer) {
    this.#previous = previous
    this.last = frame
    this.length = (previous?.length ?? 0) + frame.length
  }

  /** The run with one frame more: the same object for every socket that goes on with the same frame. */
  with(frame: Buffer): FrameChain {
    if (this.#nextFrame !== frame) {
      this.#next = new FrameChain(this, frame)
      this.#nextFrame = frame
    }
    return this.#next as FrameChain
  }

  /** How many bytes it is, to the first that asks: the others hold the same. */
  claim(): number {
    if (this.#claimed) return 0
    this.#claimed = true
    return this.length
  }

  /** What to write, in order: one buffer, or blocks if it is much. */
  buffers(): readonly Buffer[] {
    if (this.#blocks !== undefined) return this.#blocks
    const frames: Buffer[] = []
    let run: FrameChain | undefined = this
    while (run !== undefined) {
      frames.push(run.last)
      run = run.#previous
    }
    frames.reverse()
    return (this.#blocks = frames.length === 1 ? frames : inBlocks(frames))
  }
}

function inBlocks(frames: readonly Buffer[]): Buffer[] {
  const blocks: Buffer[] = []
  let block: Buffer[] = []
  let length = 0
  const close = (): void => {
    if (block.length > 0) blocks.push(block.length === 1 ? (block[0] as Buffer) : Buffer.concat(block, length))
    block = []
    length = 0
  }
  for (const frame of frames) {
    if (length + frame.length > BLOCK) close()
    block.push(frame)
    length += frame.length
  }
  close()
  return blocks
}

/**
 * The runs of one frame that were begun last. A few, because sockets of different serializers take turns in a room, and
 * not all, because a reply is for one socket and nobody asks for it again.
 */
class ChainHeads {
  #runs: FrameChain[] = []
  #oldest = 0

  of(frame: Buffer): FrameChain {
    for (const run of this.#runs) if (run.last === frame) return run
    const run = new FrameChain(undefined, frame)
    this.#runs[this.#oldest] = run
    this.#oldest = (this.#oldest + 1) % HEADS
    return run
  }

  clear(): void {
    this.#runs = []
    this.#oldest = 0
  }
}

/** Something that is written to at the end of a turn. */
export interface BatchTarget {
  pending: FrameChain | undefined
  /** Writes `pending` and forgets it. */
  flush(): void
}

/**
 * Collects what is sent in one turn of the event loop, so that each socket gets it in one write: the call into the
 * kernel costs far more than anything else about a small frame.
 */
export class WriteBatch {
  #dirty: BatchTarget[] = []
  readonly #heads: ChainHeads = new ChainHeads()
  #scheduled = false
  readonly #flush = (): void => this.flush()

  add(target: BatchTarget, frame: Buffer): void {
    if (target.pending !== undefined) {
      target.pending = target.pending.with(frame)
      return
    }
    target.pending = this.#heads.of(frame)
    this.#dirty.push(target)
    if (this.#scheduled) return
    this.#scheduled = true
    atEndOfTurn(this.#flush)
  }

  /** Writes everything now. */
  flush(): void {
    const dirty = this.#dirty
    this.#dirty = []
    this.#heads.clear()
    this.#scheduled = false
    for (const target of dirty) target.flush()
  }
}
