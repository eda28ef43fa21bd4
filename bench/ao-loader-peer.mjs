// The reference evaluator in copy mode, in a process of its own: it patches globals while it runs.
// argv: path of the package, path of the module. Each line on stdin is a number of messages to run; each
// answer is one JSON array of their times in milliseconds.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const [, , loaderPath, modulePath] = process.argv
const AoLoader = createRequire(import.meta.url)(loaderPath)
const write = process.stdout.write.bind(process.stdout)
const nowMs = () => Number(process.hrtime.bigint()) / 1e6

const id = (letter) => letter.repeat(43)
const tag = (name, value) => ({ name, value })
const processTags = [
  tag('Name', 'bench'),
  tag('Module', id('M')),
  tag('Variant', 'ao.TN.1'),
  tag('Data-Protocol', 'ao'),
  tag('Type', 'Process'),
]
const environment = {
  Process: { Id: id('P'), Owner: id('O'), Tags: processTags },
  Module: { Id: id('M'), Tags: [] },
}
let count = 0
let memory = null

function message(Data, Action, Tags) {
  return {
    Id: String(++count).padStart(43, 'x'),
    Target: id('P'),
    Owner: id('O'),
    From: id('O'),
    Module: id('M'),
    Tags: Tags ?? [tag('Action', Action), tag('Data-Protocol', 'ao'), tag('Type', 'Message'), tag('Variant', 'ao.TN.1')],
    Data,
    // What a compute unit adds: the message both sides evaluate has the same fields.
    Signature: 's'.repeat(86),
    Anchor: '',
    Epoch: 0,
    Nonce: count,
    'Hash-Chain': id('H'),
    'Block-Height': 1000,
    Timestamp: 1.7e12 + count,
    Cron: false,
  }
}

const handle = await AoLoader(readFileSync(modulePath), {
  format: 'wasm32-unknown-emscripten4',
  memoryLimit: '1073741824',
  computeLimit: 9e12,
})
async function send(given) {
  const result = await handle(memory, given, environment)
  memory = result.Memory
  return result
}
await send({ ...message('', '', processTags), Id: id('P') })
await send(message(`Counter = 0
Handlers.add("Inc", "Inc", function(m)
  Counter = Counter + 1
  ao.send({ Target = m.From, Data = tostring(Counter) })
end)`, 'Eval'))
write('ready\n')

for await (const line of createInterface({ input: process.stdin })) {
  const times = []
  for (let i = 0; i < Number(line); i++) {
    const given = message('', 'Inc')
    const startMs = nowMs()
    await send(given)
    times.push(nowMs() - startMs)
  }
  write(`${JSON.stringify(times)}\n`)
}
