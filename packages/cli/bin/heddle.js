#!/usr/bin/env node
// Plain JavaScript, so that any Node ≥ 20 gets this far. The command itself needs Node 24, which comes
// with the package; where it is not the one running already, it takes over here.
import { spawn } from 'node:child_process'
import nodeModule, { createRequire } from 'node:module'
import { constants } from 'node:os'
import { join } from 'node:path'

// Room for young objects, MiB a side: left alone V8 lets it grow to 64. Half as much here costs a message
// some hundredths more work in the collector than 32 do, and a node has 28 MB less, in memory it would fill
// with what it has dropped already. V8 takes this at its start only, and nothing but powers of two.
const youngSpace = '--max-semi-space-size=16'
const nodeCommands = new Set(['up', 'tour'])

const [major] = process.versions.node.split('.').map(Number)

if (major >= 24) await runHere()
else runInNode24()

async function runHere() {
  // node:sqlite and type stripping announce themselves as experimental; users can do nothing about it.
  process.removeAllListeners('warning')
  if (nodeCommands.has(process.argv[2])) startWithRoom()
  process.on('warning', (warning) => {
    if (warning.name !== 'ExperimentalWarning') process.stderr.write(`${warning.stack}\n`)
  })
  // Whoever reads us has had enough (`heddle list processes | head -1`).
  process.stdout.on('error', (error) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
  // Types are stripped and code is compiled once, not at each command: 0.15 s in place of 0.5. Next to
  // the packages it may only be written by who could change them; where it cannot be, it is left out.
  const packages = packagesFolder()
  if (packages !== undefined) nodeModule.enableCompileCache(join(packages, '.cache', 'heddle'))
  const { main } = await import('../src/main.ts')
  process.exitCode = await main(process.argv.slice(2))
}

/** Becomes the same command with the flag, in the same process; without it where a system cannot. */
function startWithRoom() {
  const { execArgv, argv, execPath, platform } = process
  if (platform === 'win32' || process.execve === undefined || execArgv.includes(youngSpace)) return
  process.execve(execPath, [execPath, youngSpace, ...execArgv, ...argv.slice(1)])
}

function runInNode24() {
  const binary = findNode24()
  if (binary === undefined) return fail('Node 24 is not installed here')
  // In a group of its own the child does not get a terminal's Ctrl-C besides the one we pass on.
  const detached = process.platform !== 'win32'
  const child = spawn(binary, process.argv.slice(1), { stdio: 'inherit', detached })
  passSignalsOn(child)
  child.on('error', (error) => fail(`cannot start Node 24 from ${binary} (${error.message})`))
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + constants.signals[signal]
  })
}

function findNode24() {
  const name = process.platform === 'win32' ? 'node.exe' : 'node'
  const packages = packagesFolder()
  return packages === undefined ? undefined : join(packages, 'node', 'bin', name)
}

function packagesFolder() {
  try {
    return join(createRequire(import.meta.url).resolve('node/package.json'), '..', '..')
  } catch {
    return undefined
  }
}

// npm passes a Ctrl-C on that the terminal has already given to us: one of the two is enough.
function passSignalsOn(child) {
  const repeatMs = 500
  let lull
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
    process.on(signal, () => {
      if (lull === undefined || lull.aborted) child.kill(signal)
      lull = AbortSignal.timeout(repeatMs)
    })
  }
}

function fail(text) {
  process.stderr.write(`${text}: run npm ci (its install scripts fetch Node 24)\n`)
  process.exitCode = 1
}
