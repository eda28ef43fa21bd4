import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import type { Route, RouteReply, RouteRequest } from '../../network/index.ts'
import { mcpOriginDenied } from '../errors.ts'
import { createMcpServer, type McpDependencies } from './server.ts'

/** Any id has 43 characters of base64url. */
const processPath = '/mcp/:process([\\w-]{43})'

/**
 * MCP over streamable HTTP, without sessions: `/mcp` for the node, `/mcp/PROCESS` for one process. Answers
 * are plain JSON. Anybody may read; only callers on this machine may send.
 */
export function mcpRoutes(deps: McpDependencies): Route[] {
  const handle = (request: RouteRequest) => answer(deps, request)
  // Clients ask for a stream of notices and to end a session: there are none.
  const refuse = async (): Promise<RouteReply> => ({
    status: 405,
    headers: { allow: 'POST' },
    body: { error: 'POST only: this server keeps no sessions', code: 'method-not-allowed' },
  })
  return ['/mcp', processPath].flatMap((path): Route[] => [
    { method: 'POST', path, handle },
    { method: 'GET', path, handle: refuse },
    { method: 'DELETE', path, handle: refuse },
  ])
}

async function answer(deps: McpDependencies, request: RouteRequest): Promise<RouteReply> {
  const { headers, peer, signal, params } = request
  checkOrigin(headers.origin)
  const scope = {
    processId: params.process,
    signal,
    caller: { name: peer, signal },
    maySend: isLoopback(peer),
  }
  const server = createMcpServer(deps, scope)
  const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true })
  try {
    await server.connect(transport)
    const response = await transport.handleRequest(webRequest(request))
    const body = new Uint8Array(await response.arrayBuffer())
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      ...(body.length === 0 ? {} : { body }),
    }
  } finally {
    await server.close()
  }
}

function webRequest({ method, headers, body }: RouteRequest): Request {
  const { 'content-length': _length, connection: _connection, ...rest } = headers
  return new Request('http://localhost/mcp', { method, headers: rest, body: new Uint8Array(body) })
}

/** A page in a browser on this machine is not its user: without this any site could send messages. */
function checkOrigin(origin: string | undefined): void {
  if (origin === undefined) return
  const host = URL.canParse(origin) ? new URL(origin).hostname : ''
  if (!['localhost', '127.0.0.1', '[::1]'].includes(host)) throw mcpOriginDenied(origin)
}

function isLoopback(peer: string): boolean {
  return peer === '::1' || /^(::ffff:)?127\./.test(peer)
}
