import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { differentialRun, environment } from './aos.fixture.ts'

/**
 * Runs the differential messages through the reference host in copy mode and prints one JSON line
 * `{byteLength, sha256, answers}`. A program of its own: that host replaces globals of its process.
 * Arguments: path of the host, path of the module, number of messages.
 */
const [hostPath = '', modulePath = '', count = '0'] = process.argv.slice(2)

type Answer = { Memory: Uint8Array; Error?: unknown; Output?: unknown; Messages?: unknown }
type Handle = (memory: Uint8Array | null, message: object, environment: object) => Promise<Answer>
type Loader = (binary: Uint8Array, options: object) => Promise<Handle>

const load = createRequire(import.meta.url)(hostPath) as Loader
const write = process.stdout.write.bind(process.stdout)
const handle = await load(readFileSync(modulePath), {
  format: 'wasm32-unknown-emscripten4',
  memoryLimit: '1073741824',
  computeLimit: 9e12,
})
let memory: Uint8Array | null = null
const answers: unknown[] = []
for (const message of differentialRun(Number(count))) {
  const answer: Answer = await handle(memory, message, environment)
  memory = answer.Memory
  answers.push([answer.Error ?? null, answer.Output ?? null, answer.Messages ?? null])
}
const bytes = memory ?? new Uint8Array(0)
const sha256 = createHash('sha256').update(bytes).digest('hex')
write(`${JSON.stringify({ byteLength: bytes.length, sha256, answers })}\n`)
