import { decodeText, encodeBase64Url, toHex } from '@heddle/protocol/base'
import type { CryptoEngine } from '@heddle/protocol/crypto'
import { chatPrompt, type PromptPart } from '@heddle/protocol/model'
import type { Route, RouteReply, RouteRequest } from '../../network/index.ts'
import type { Clock, Random } from '../../runtime/index.ts'
import { type KnownModel, type ListedModel, ownerOf } from '../models/catalog.ts'
import { sha256Hash } from '../models/open.ts'
import type { InferenceService } from '../service/service.ts'
import { readMessages } from './chat.ts'
import { openAiError } from './errors.ts'
import {
  type Fields,
  isObject,
  modelName,
  readAnswerRequest,
  readBody,
  wantsStream,
} from './parameters.ts'
import { readPrompt } from './prompt.ts'
import { type Heading, type Kind, wholeReply } from './reply.ts'
import { streamEvents } from './stream.ts'
import { readToolCall, readTools, type ToolSet } from './tools.ts'

export type OpenAiDependencies = {
  readonly service: InferenceService
  readonly engine: CryptoEngine
  readonly clock: Clock
  readonly random: Random
  /** Hears of what was our own mistake. */
  onFault(error: unknown): void
}

/** Where the receipt's id stands in a reply. */
const receiptHeader = 'x-heddle-receipt'

/** `/v1/models`, `/v1/completions`, `/v1/chat/completions` as OpenAI's clients speak them. */
export function openAiRoutes(deps: OpenAiDependencies): Route[] {
  const guarded = (run: (request: RouteRequest) => Promise<RouteReply>) => {
    return async (request: RouteRequest): Promise<RouteReply> => {
      try {
        return await run(request)
      } catch (error) {
        if (request.signal.aborted) return { status: 499 }
        const reply = openAiError(error)
        if (reply.status === 500) deps.onFault(error)
        return reply
      }
    }
  }
  const complete = (kind: Kind) => guarded((request) => completion(deps, kind, request))
  return [
    { method: 'GET', path: '/v1/models', handle: guarded(() => listModels(deps)) },
    {
      method: 'GET',
      path: '/v1/models/:model',
      handle: guarded(async ({ params }) => {
        const model = await deps.service.catalog.find(params.model ?? '')
        return { status: 200, body: describe(model, deps.engine) }
      }),
    },
    { method: 'POST', path: '/v1/completions', handle: complete('text') },
    { method: 'POST', path: '/v1/chat/completions', handle: complete('chat') },
  ]
}

async function listModels({ service, engine }: OpenAiDependencies): Promise<RouteReply> {
  const models = await service.catalog.list()
  return {
    status: 200,
    body: { object: 'list', data: models.map((each) => describe(each, engine)) },
  }
}

function describe({ id, item, manifest }: ListedModel, engine: CryptoEngine) {
  const { name, root, format, precision, shape, licence, derivedFrom, weights } = manifest
  return {
    id: name,
    object: 'model',
    // A manifest has no time of its own, so that equal models are one.
    created: 0,
    owned_by: ownerOf(item, sha256Hash(engine.sha256)),
    heddle: {
      item: id,
      root,
      format,
      precision,
      sizeBytes: weights.sizeBytes,
      context: shape.context,
      licence,
      derivedFrom,
    },
  }
}

type Asked = { readonly prompt: PromptPart[]; readonly tools: ToolSet }

function readAsked(kind: Kind, fields: Fields, model: KnownModel): Asked {
  if (kind === 'text') return { prompt: readPrompt(fields), tools: readTools({}) }
  const tools = readTools(fields)
  const messages = readMessages(fields)
  const told = tools.instruction === undefined ? messages : [tools.instruction, ...messages]
  return { prompt: chatPrompt(model.manifest.chat, told), tools }
}

async function completion(
  deps: OpenAiDependencies,
  kind: Kind,
  { body, peer, signal }: RouteRequest,
): Promise<RouteReply> {
  const { service, random, clock } = deps
  const fields = readBody(body)
  const model = await service.catalog.find(modelName(fields))
  const isStream = wantsStream(fields)
  const { prompt, tools } = readAsked(kind, fields, model)
  const request = { prompt, ...readAnswerRequest(fields, service.options, random) }
  const { kernel } = await service.facts(model)
  const heading: Heading = {
    kind,
    id: `${kind === 'chat' ? 'chatcmpl' : 'cmpl'}-${toHex(random.bytes(12))}`,
    createdSeconds: Math.floor(clock.nowMs() / 1000),
    model: model.manifest.name,
    kernel,
  }
  const keep = ({ receipt }: { readonly receipt: Uint8Array }) =>
    service.receipts.keep(receipt, model.id)
  const caller = { name: peer, signal }
  if (isStream) {
    const answering = service.answer(model, request, caller)
    const first = await answering.next()
    const usage = fields.stream_options
    const wantsUsage = isObject(usage) && usage.include_usage === true
    const events = streamEvents({ heading, answering, tools, wantsUsage, keep }, first)
    const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' }
    return { status: 200, headers, body: events }
  }
  const { bytes, ending } = await service.answerWhole(model, request, caller)
  const receipt = await keep(ending)
  const text = decodeText(bytes)
  const call = readToolCall(text, tools, `call_${heading.id}`)
  const digest = encodeBase64Url(deps.engine.sha256(ending.receipt))
  return {
    status: 200,
    headers: { [receiptHeader]: receipt, 'x-heddle-receipt-digest': digest },
    body: wholeReply(heading, text, call, ending, receipt),
  }
}
