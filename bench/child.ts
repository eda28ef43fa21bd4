import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

export type Child = {
  /** Writes a line, resolves with the next line of the answer. */
  ask(line: string): Promise<string>
  next(): Promise<string>
  stop(): void
}

/** A script in a process of its own that answers line by line. */
export function startChild(command: string, args: readonly string[]): Child {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async () => {
    const { value, done } = await lines.next()
    if (done) throw new Error(`${args.join(' ')} ended early`)
    return value
  }
  return {
    next,
    ask: (line) => {
      child.stdin.write(`${line}\n`)
      return next()
    },
    stop: () => void child.kill('SIGKILL'),
  }
}
