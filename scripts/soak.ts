import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/**
 * The tests that take long, one suite after another: `npm run soak`, or `npm run soak -- NAME…` for some. Two
 * hours in all on two cores. Exits with 1 where one fails, and names it.
 */
type Suite = {
  readonly files: readonly string[]
  readonly settings?: Readonly<Record<string, string>>
}

const suites: Readonly<Record<string, Suite>> = {
  crash: { files: ['e2e/crash.test.ts'], settings: { HEDDLE_CRASH_ROUNDS: '50' } },
  'store-crash': {
    files: ['e2e/store-crash.test.ts', 'packages/node/src/store/kill.test.ts'],
    settings: { HEDDLE_CRASH_ROUNDS: '50', HEDDLE_LONG: '1' },
  },
  'store-large': { files: ['e2e/store-large.test.ts'], settings: { HEDDLE_LARGE_GIB: '4' } },
  copies: {
    files: ['packages/node/src/copies', 'e2e/copies.test.ts'],
    settings: { HEDDLE_COPIES: '1', HEDDLE_CRASH_ROUNDS: '12' },
  },
  da: {
    files: ['e2e/da-processes.test.ts', 'e2e/da-recover.test.ts', 'e2e/da-liars.test.ts'],
    settings: { HEDDLE_DA_BLOBS: '100', HEDDLE_DA_RECOVER: '1', HEDDLE_DA_LIARS: '1' },
  },
  'da-readers': {
    files: ['e2e/da-browser.test.ts', 'packages/node/src/da/storer'],
    settings: { HEDDLE_LONG: '1', HEDDLE_DA_FUZZ: '10000' },
  },
  modules: {
    files: [
      'e2e/aos-modules.test.ts',
      'e2e/aos-model.test.ts',
      'packages/node/src/compute/weave-drive/aos.test.ts',
      'packages/node/src/compute/guest/aos-modules.test.ts',
      'packages/node/src/compute/prepare/spec-suite.test.ts',
    ],
    settings: { HEDDLE_SLOW: '1', HEDDLE_SPEC: '1' },
  },
  actors: {
    files: ['packages/node/src/compute/compute.actors.test.ts'],
    settings: { HEDDLE_LONG: '1', HEDDLE_SLOW: '1', HEDDLE_HIBERNATE_ROUNDS: '20' },
  },
  models: {
    files: ['e2e/openai.test.ts', 'e2e/models-in-processes.test.ts', 'e2e/llama-tokens.test.ts'],
    settings: { HEDDLE_LONG: '1', HEDDLE_PEERS: '1' },
  },
  matrix: {
    files: ['packages/node/src/compute/digest/determinism.test.ts'],
    settings: { HEDDLE_MATRIX: '500' },
  },
  clients: { files: ['e2e/ar-io-clients.test.ts'], settings: { HEDDLE_AR_IO: '1' } },
  docs: { files: ['e2e/docs.test.ts'], settings: { HEDDLE_SLOW: '1', HEDDLE_LONG: '1' } },
  explorer: {
    files: ['e2e/explorer-look.test.ts', 'e2e/explorer-wallets.test.ts'],
    settings: { HEDDLE_LOOK: '1' },
  },
}

const root = fileURLToPath(new URL('..', import.meta.url))
const wanted = process.argv.slice(2)
const unknown = wanted.find((name) => !(name in suites))
if (unknown !== undefined) {
  process.stderr.write(`unknown suite ${unknown}: there are ${Object.keys(suites).join(', ')}\n`)
  process.exit(2)
}
const failed: string[] = []
for (const [name, { files, settings }] of Object.entries(suites)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  process.stdout.write(`\n${name}\n`)
  const { status } = spawnSync('npx', ['vitest', 'run', '--testTimeout', '1800000', ...files], {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
    // The suites read their size from the environment.
    env: { ...process.env, ...settings },
  })
  if (status !== 0) failed.push(name)
}
process.stdout.write(failed.length === 0 ? 'all passed\n' : `failed: ${failed.join(', ')}\n`)
process.exitCode = failed.length === 0 ? 0 : 1
