import { decodeText } from '@heddle/protocol/base'
import type { CryptoEngine } from '@heddle/protocol/crypto'
import { greedy } from '@heddle/protocol/model'
import type { KeptItems } from '../ports.ts'
import { verifyReceipt } from '../receipts/verify.ts'
import type { InferenceService } from '../service/service.ts'
import { type Tool, textOf } from './tools.ts'

export type InferenceToolsDependencies = {
  readonly service: InferenceService
  readonly items: KeptItems
  readonly engine: CryptoEngine
}

const tokensDefault = 128

/** Tools around models: ask one, list them, replay an answer. */
export function inferenceTools(deps: InferenceToolsDependencies): Tool[] {
  const { service } = deps
  return [
    {
      card: {
        name: 'verify_receipt',
        description:
          'Replay an answer from its receipt on this node and say whether every step is right, or which ' +
          'is the first wrong one',
        inputSchema: {
          type: 'object',
          properties: { receipt: { type: 'string', description: 'Id or digest of a receipt' } },
          required: ['receipt'],
        },
        annotations: { readOnlyHint: true, openWorldHint: false },
      },
      run: async ({ receipt }, { caller }) => {
        const report = await verifyReceipt(deps, service, textOf('receipt', receipt), caller)
        return JSON.stringify(report, undefined, 2)
      },
    },
    {
      card: {
        name: 'list_models',
        description: 'The models this node answers with',
        inputSchema: { type: 'object', properties: {} },
        annotations: { readOnlyHint: true, openWorldHint: false },
      },
      run: async () => {
        const models = await service.catalog.list()
        const rows = models.map(({ id, manifest: { name, root, licence, precision } }) => ({
          ...{ id, name, root, licence, precision },
        }))
        return JSON.stringify(rows, undefined, 2)
      },
    },
    {
      card: {
        name: 'infer',
        description:
          'Let a model of this node go on with a prompt; the answer comes with its receipt',
        inputSchema: {
          type: 'object',
          properties: {
            model: { type: 'string', description: 'Name or id' },
            prompt: { type: 'string' },
            max_tokens: { type: 'integer' },
          },
          required: ['model', 'prompt'],
        },
        annotations: { readOnlyHint: true, openWorldHint: false },
      },
      run: async ({ model: name, prompt, max_tokens: most = tokensDefault }, { caller }) => {
        const model = await service.catalog.find(textOf('model', name))
        const request = {
          prompt: [textOf('prompt', prompt)],
          sampling: greedy,
          stops: [],
          tokensMax: Number(most),
        }
        const { bytes, ending } = await service.answerWhole(model, request, caller)
        const receipt = await service.receipts.keep(ending.receipt, model.id)
        const { finish, tokens } = ending
        return JSON.stringify({ text: decodeText(bytes), finish, tokens, receipt }, undefined, 2)
      },
    },
  ]
}
