#!/usr/bin/env node
// Plain JavaScript, so that any Node ≥ 20 gets this far. The command itself needs Node 24, which comes
// with the package; where it is not the one running already, it takes over here.
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const [major] = process.versions.node.split('.').map(Number)

if (major >= 24) {
  // node:sqlite and type stripping announce themselves as experimental; users can do nothing about it.
  process.removeAllListeners('warning')
  process.on('warning', (warning) => {
    if (warning.name !== 'ExperimentalWarning') process.stderr.write(`${warning.stack}\n`)
  })
  const { main } = await import('../src/main.ts')
  process.exitCode = await main(process.argv.slice(2))
} else {
  const require = createRequire(import.meta.url)
  const binary = join(dirname(require.resolve('node/package.json')), 'bin', 'node')
  const child = spawn(binary, process.argv.slice(1), { stdio: 'inherit' })
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    process.stderr.write(`cannot start Node 24 from ${binary}: ${error.message}; run npm ci\n`)
    process.exitCode = 1
  })
  child.on('exit', (code) => {
    process.exitCode = code ?? 1
  })
}
