import { errorMessage, isHeddleError } from '@heddle/protocol/base'
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import {
  CallToolRequestSchema,
  ErrorCode,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListToolsRequestSchema,
  McpError,
  ReadResourceRequestSchema,
} from '@modelcontextprotocol/sdk/types.js'
import { type InferenceToolsDependencies, inferenceTools } from './inference-tools.ts'
import type { ProcessAccess } from './processes.ts'
import { readResource, resourceOf, resourceTemplates } from './resources.ts'
import { handlerTools, processTools, type Tool, type ToolCall } from './tools.ts'

export type McpDependencies = InferenceToolsDependencies & { readonly access: ProcessAccess }

/** Processes whose handlers are tools of the node's own server; the others have one each. */
const listedProcesses = 25
const listedResources = 100

/** What one request may do, and of which process it speaks; undefined: of the whole node. */
export type McpScope = ToolCall & { readonly processId: string | undefined }

/** A server for one request: nothing is remembered between two. */
export function createMcpServer(deps: McpDependencies, scope: McpScope): Server {
  const { access } = deps
  const server = new Server(
    { name: 'heddle', version: '1' },
    { capabilities: { tools: {}, resources: {} }, instructions: instructionsOf(scope) },
  )
  const cards = async () => {
    if (scope.processId !== undefined) return [await access.card(scope.processId)]
    return await access.list(listedProcesses)
  }
  const tools = async (): Promise<Tool[]> => {
    const own = (await cards()).flatMap((card) => handlerTools(card, access))
    return [...inferenceTools(deps), ...processTools(access), ...own]
  }
  server.setRequestHandler(ListToolsRequestSchema, async () => ({
    tools: (await tools()).map(({ card }) => card),
  }))
  server.setRequestHandler(CallToolRequestSchema, async ({ params }) => {
    const tool = (await tools()).find(({ card }) => card.name === params.name)
    if (tool === undefined) {
      throw new McpError(ErrorCode.InvalidParams, `unknown tool ${params.name.slice(0, 80)}`)
    }
    return await runTool(tool, params.arguments ?? {}, scope)
  })
  server.setRequestHandler(ListResourcesRequestSchema, async () => {
    const list = scope.processId === undefined ? await access.list(listedResources) : await cards()
    return { resources: list.map(resourceOf) }
  })
  server.setRequestHandler(ListResourceTemplatesRequestSchema, async () => ({ resourceTemplates }))
  server.setRequestHandler(ReadResourceRequestSchema, async ({ params }) => {
    try {
      return { contents: [await readResource(access, params.uri, scope.signal)] }
    } catch (error) {
      if (isHeddleError(error)) throw new McpError(ErrorCode.InvalidParams, error.message)
      throw error
    }
  })
  return server
}

/** What a tool refuses is an answer the model reads, not a fault of the protocol. */
async function runTool(tool: Tool, input: Readonly<Record<string, unknown>>, scope: McpScope) {
  try {
    return { content: [{ type: 'text' as const, text: await tool.run(input, scope) }] }
  } catch (error) {
    if (!isHeddleError(error)) throw error
    const text = `${error.code}: ${errorMessage(error)}`
    return { content: [{ type: 'text' as const, text }], isError: true }
  }
}

function instructionsOf({ processId, maySend }: McpScope): string {
  const what = processId === undefined ? 'a Heddle node' : `process ${processId} of a Heddle node`
  const rights = maySend
    ? 'Tools that begin with send change state and cannot be taken back.'
    : 'From here you may read, not send.'
  return `Tools of ${what}: its processes answer messages deterministically. ${rights}`
}
