import { ropeFrequencies } from '@heddle/protocol/model'
import type { MemoryPlan } from './plan.ts'

/** Bytes of a layer's record: nine addresses. */
const layerRecordBytes = 36

/** Writes what the kernels read, in the order of wasm/inference/assembly/model.ts. */
export function writeRecords(plan: MemoryPlan, memory: WebAssembly.Memory): void {
  const { shape } = plan
  const view = new DataView(memory.buffer)
  const words = [
    ...[shape.dim, shape.hidden, shape.layers, shape.heads, shape.kvHeads, shape.headDim],
    ...[shape.vocab, plan.context, plan.group],
  ]
  words.forEach((word, i) => {
    view.setUint32(plan.model + i * 4, word, true)
  })
  const epsilonAt = plan.model + words.length * 4
  view.setFloat32(epsilonAt, shape.epsilon, true)
  const addresses = [
    ...[plan.embedding, plan.finalNorm, plan.head, plan.layerRecords, plan.frequencies],
    ...[plan.x, plan.normal, plan.query, plan.gate, plan.up, plan.turns],
    ...[plan.whole, plan.wholeScales, plan.scores, plan.logits],
  ]
  addresses.forEach((address, i) => {
    view.setUint32(epsilonAt + 4 + i * 4, address, true)
  })
  plan.layers.forEach((layer, at) => {
    const record = plan.layerRecords + at * layerRecordBytes
    const { attentionNorm, query, key, value, attentionOutput } = layer
    const { feedForwardNorm, gate, up, down } = layer
    const parts = [attentionNorm, query, key, value, attentionOutput, feedForwardNorm]
    const fields = [...parts, gate, up, down]
    fields.forEach((address, i) => {
      view.setUint32(record + i * 4, address, true)
    })
  })
  ropeFrequencies(shape).forEach((frequency, i) => {
    view.setFloat64(plan.frequencies + i * 8, frequency, true)
  })
}
