import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const command = fileURLToPath(new URL('../packages/cli/bin/heddle.js', import.meta.url))

/** A node in a process of its own, started as a user would. */
export type NodeProcess = {
  readonly url: string
  readonly folder: string
  readonly child: ChildProcess
  /** What it wrote on standard error so far. */
  errors(): string
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>
}

export function newDataFolder(): string {
  return mkdtempSync(join(tmpdir(), 'heddle-e2e-'))
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
}

/** Starts `heddle up` and waits for its ready line. */
export async function startNodeProcess(
  folder: string,
  args: readonly string[] = [],
): Promise<NodeProcess> {
  const all = [command, 'up', '--port', '0', '--data', folder, ...args]
  const child = spawn(process.execPath, all, { stdio: ['ignore', 'pipe', 'pipe'] })
  let errors = ''
  child.stderr?.on('data', (chunk) => {
    errors += chunk
  })
  const exited = new Promise<number | null>((resolve) => child.on('exit', resolve))
  const url = await new Promise<string>((resolve, reject) => {
    let text = ''
    child.stdout?.on('data', (chunk) => {
      text += chunk
      const ready = /^ready (\S+)$/m.exec(text)
      if (ready?.[1] !== undefined) resolve(ready[1])
    })
    exited.then((code) => reject(new Error(`heddle up ended with ${code}: ${errors}`)))
  })
  const end = (signal: 'SIGKILL' | 'SIGTERM') => {
    child.kill(signal)
    return exited
  }
  return {
    url,
    folder,
    child,
    errors: () => errors,
    kill: async () => void (await end('SIGKILL')),
    stop: () => end('SIGTERM'),
  }
}

/** What a command that takes long says meanwhile; whether it takes long is the machine's affair. */
const progress = /^[^\n]+… \d+ s\n/gm

/** Runs a command to its end; `err` is what it says beside how long it waits. */
export async function runHeddle(
  args: readonly string[],
): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [command, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  child.stderr.on('data', (chunk) => {
    err += chunk
  })
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, out, err: err.replace(progress, '') }
}
