import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { fetchModules } from '../../../../../scripts/fetch-modules.ts'
import { type MatrixDigests, type MatrixRun, runMatrix } from './testing/matrix-run.ts'

/**
 * Two machines, one log, the same digests. By default a short run; `HEDDLE_MATRIX=500` runs that
 * many messages with every module, and `HEDDLE_NODES` names other Node programs, separated by
 * colons.
 */
const full = Number(process.env.HEDDLE_MATRIX ?? 0)
const nodes = [process.execPath, ...(process.env.HEDDLE_NODES ?? '').split(':').filter(Boolean)]
const child = fileURLToPath(new URL('./testing/matrix-child.ts', import.meta.url))
const flagSets = [['--liftoff-only'], ['--no-liftoff'], []]

const modules = full > 0 ? await fetchModules() : { skipped: 'HEDDLE_MATRIX is not set' }
const aos =
  'skipped' in modules
    ? []
    : [
        { format: 'wasm32-unknown-emscripten4', path: modules.wasm32 },
        { format: 'wasm64-unknown-emscripten-draft_2024_02_15', path: modules.wasm64 },
      ]
const runs: MatrixRun[] = [{ format: 'js' }, ...aos].map((module) => ({
  ...module,
  messages: full || 26,
  every: full > 0 ? 50 : 13,
  isCold: false,
}))

/** Node 22 has 64-bit memories with another interface, which this host does not speak. */
async function canRun(node: string, { format }: MatrixRun): Promise<boolean> {
  const { stdout } = await promisify(execFile)(node, ['-p', 'process.versions.node'])
  return !format.startsWith('wasm64') || Number.parseInt(stdout, 10) >= 24
}

async function runElsewhere(
  node: string,
  flags: readonly string[],
  run: MatrixRun,
): Promise<MatrixDigests> {
  const args = [...flags, '--no-warnings', '--stack-size=3000', child, JSON.stringify(run)]
  const { stdout } = await promisify(execFile)(node, args, { maxBuffer: 2 ** 24 })
  return JSON.parse(stdout) as MatrixDigests
}

describe.each(runs)('$format, $messages messages', (run) => {
  it(
    'gives one chain and one state, hot, cold, and compiled in any way',
    async () => {
      const hot = await runMatrix(run)
      expect(hot.stateRoots).toHaveLength(Math.floor(run.messages / run.every))
      expect(hot.failed).toBeGreaterThan(0)
      expect(hot.failed).toBeLessThan(run.messages / 2)
      expect(await runMatrix({ ...run, isCold: true })).toEqual(hot)
      for (const node of nodes) {
        if (!(await canRun(node, run))) continue
        for (const flags of full > 0 ? flagSets : flagSets.slice(0, 1)) {
          const isCold = flags.length === 0
          const digests = await runElsewhere(node, flags, { ...run, isCold })
          expect(digests, `${node} ${flags.join(' ')}`).toEqual(hot)
        }
      }
    },
    30_000 + full * 4_000,
  )
})
