import { decodeText } from '@heddle/protocol/base'
import type { Route, RouteReply, RouteRequest } from '../../network/index.ts'
import { requestInvalid } from '../errors.ts'
import type { ItemStore } from '../items/store.ts'
import type { ItemsDeps } from '../ports.ts'
import { createQueryCheck } from './check-query.ts'
import { createContext } from './context.ts'
import { executeQuery, type GraphqlRequest } from './execute.ts'

/** `/graphql`, by POST with a JSON body or by GET with the same fields as query parameters. */
export function queryRoutes(store: ItemStore, deps: ItemsDeps): Route[] {
  const check = createQueryCheck()
  const answer = async (request: GraphqlRequest): Promise<RouteReply> => {
    const context = createContext(store, deps.consensus, deps.engine)
    const fault = (error: unknown) => deps.onFault('graphql', error)
    const { refused, result } = await executeQuery(check(request.query), request, context, fault)
    return { status: refused ? 400 : 200, body: result }
  }
  return [
    { method: 'POST', path: '/graphql', handle: async (request) => answer(readPost(request)) },
    { method: 'GET', path: '/graphql', handle: async (request) => answer(readGet(request)) },
  ]
}

const hint = 'Send {"query": "…", "variables": {…}} as application/json.'

function readPost({ body }: RouteRequest): GraphqlRequest {
  const text = decodeText(body)
  return readRequest(parseJson(text, 'the body'))
}

function readGet({ query }: RouteRequest): GraphqlRequest {
  const variables = query.get('variables')
  return readRequest({
    query: query.get('query') ?? undefined,
    variables: variables ? parseJson(variables, 'variables') : undefined,
    operationName: query.get('operationName') ?? undefined,
  })
}

function readRequest(given: unknown): GraphqlRequest {
  if (!isRecord(given)) throw requestInvalid(`the body is not a JSON object. ${hint}`)
  const { query, variables, operationName } = given
  if (typeof query !== 'string') throw requestInvalid(`no query given. ${hint}`)
  if (variables !== undefined && variables !== null && !isRecord(variables)) {
    throw requestInvalid(`variables must be a JSON object. ${hint}`)
  }
  return {
    query,
    variables: variables ?? undefined,
    operationName: typeof operationName === 'string' ? operationName : undefined,
  }
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw requestInvalid(`${what} is not valid JSON. ${hint}`)
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
