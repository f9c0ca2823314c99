import { atEndOfTurn } from "../platform/end-of-turn.js"

/** The most bytes that are joined into one buffer: copying a larger frame costs more than a second write. */
const BLOCK = 65_536

/** The number of serializers in one room that can share chains: JSON of two versions, MessagePack and a custom one. */
const HEADS = 4

/**
 * A chain of frames: each node is the chain before it and one more frame. The sockets of one room get the same frames,
 * so they reach the same nodes, and the frames of one turn are joined once for all of them.
 */
export class FrameChain {
  readonly length: number
  readonly #previous: FrameChain | undefined
  /** The last frame of the chain. */
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

  /** The chain with one more frame: the same object for every socket that adds the same frame. */
  with(frame: Buffer): FrameChain {
    if (this.#nextFrame !== frame) {
      this.#next = new FrameChain(this, frame)
      this.#nextFrame = frame
    }
    return this.#next as FrameChain
  }

  /** Returns the bytes to the first caller, and 0 to the others, which hold the same buffers. */
  claim(): number {
    if (this.#claimed) return 0
    this.#claimed = true
    return this.length
  }

  /** The buffers to write, in order: one, or several blocks for many bytes. */
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

/**
 * The chain without a frame. It also keeps V8 from dropping the hidden class of chains, and the optimized code of every
 * send with it, at a full collection between two turns, when there is no other chain.
 */
export const NO_FRAMES: FrameChain = new FrameChain(undefined, Buffer.alloc(0))

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
 * The newest chains of one frame. Several are kept, because sockets with different serializers take turns in a room;
 * not all are kept, because a reply is for one socket only.
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

/** A socket whose frames are written at the end of a turn. */
export interface BatchTarget {
  pending: FrameChain
  /** Writes `pending`, and sets it to {@link NO_FRAMES}. */
  flush(): void
}

/**
 * Collects the frames of one turn of the event loop, so that each socket gets them in one write: for a small frame the
 * system call is by far the largest cost.
 */
export class WriteBatch {
  #dirty: BatchTarget[] = []
  readonly #heads: ChainHeads = new ChainHeads()
  #scheduled = false
  readonly #flush = (): void => this.flush()

  add(target: BatchTarget, frame: Buffer): void {
    if (target.pending !== NO_FRAMES) {
      target.pending = target.pending.with(frame)
      return
    }
    target.pending = this.#heads.of(frame)
    this.#dirty.push(target)
    if (this.#scheduled) return
    this.#scheduled = true
    atEndOfTurn(this.#flush)
  }

  /** Writes all frames now. */
  flush(): void {
    const dirty = this.#dirty
    this.#dirty = []
    this.#heads.clear()
    this.#scheduled = false
    for (const target of dirty) target.flush()
  }
}
