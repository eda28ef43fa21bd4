import { callStack } from '@heddle/protocol/params'
import type { DecodedModule } from './decode.ts'

/** What a function calls and how much of the stack its frame may take. */
export type Caller = {
  readonly callees: readonly number[]
  /** Types it calls by through a table. */
  readonly indirectTypes: readonly number[]
  readonly frameBytes: number
}

/**
 * Decides which functions count, and by how many bytes of stack; 0: it does not. Every circle of
 * calls has a counting function in it, which counts for the longest chain of others below it too; so
 * what is counted, and one such chain before the first counting function, is all that can stand on
 * the stack. Only if a chain is too long, all functions count.
 *
 * `callsBack` tells of an import that may call into the module again: everything in a table or
 * exported.
 */
export function frameDepths(
  module: DecodedModule,
  callers: readonly Caller[],
  callsBack: (importName: string) => boolean,
): number[] {
  const first = module.functionImports.length
  const graph = callGraph(module, callers, callsBack)
  const own = (node: number) => callers[node - first]?.frameBytes ?? 0
  const isDefined = (node: number) => node >= first && node < module.functions.length
  const counting = new Set<number>()
  const open = graph.map((targets) => targets)
  // First those that go round by a table or the host, then what still calls itself directly.
  for (const direct of [false, true]) {
    const { component, sizes } = components(open)
    const counts = open.map((targets, node) => {
      const inside = targets.filter((target) => component[target] === component[node])
      const circular = (sizes[component[node] ?? -1] ?? 0) > 1 || inside.includes(node)
      const leaves = direct || inside.some((target) => !isDefined(target))
      return circular && leaves && isDefined(node)
    })
    for (const [node, counted] of counts.entries()) {
      if (counted) counting.add(node)
      if (counted) open[node] = []
    }
  }
  const chains = chainBytes(open, (node) => (counting.has(node) ? 0 : own(node)))
  const longest = (targets: readonly number[]) =>
    targets.reduce((most, target) => Math.max(most, chains[target] ?? 0), 0)
  if (longest(graph.map((_, node) => node)) > callStack.chainBytes)
    return callers.map(({ frameBytes }) => frameBytes)
  return callers.map(({ frameBytes }, i) =>
    counting.has(first + i) ? frameBytes + longest(graph[first + i] ?? []) : 0,
  )
}

/**
 * Nodes: functions, then one for each type called through a table, then one for whatever the host
 * may call.
 */
function callGraph(
  module: DecodedModule,
  callers: readonly Caller[],
  callsBack: (importName: string) => boolean,
): number[][] {
  const functionCount = module.functions.length
  const shapeNodes = new Map<string, number>()
  const graph: number[][] = module.functions.map(() => [])
  const shapeNode = (type: number) => {
    const key = typeKey(module, type)
    const node = shapeNodes.get(key) ?? graph.push([]) - 1
    shapeNodes.set(key, node)
    return node
  }
  const hostNode = graph.push([...module.referenced, ...module.exportedFunctions]) - 1
  graph[hostNode] = (graph[hostNode] ?? []).filter((target) => target < functionCount)
  module.functionImports.forEach((name, i) => {
    if (callsBack(name)) graph[i]?.push(hostNode)
  })
  for (const target of module.referenced) {
    const type = module.functions[target]
    if (type !== undefined) graph[shapeNode(type)]?.push(target)
  }
  callers.forEach(({ callees, indirectTypes }, i) => {
    const edges = graph[module.functionImports.length + i]
    for (const callee of callees) if (callee < functionCount) edges?.push(callee)
    for (const type of indirectTypes) edges?.push(shapeNode(type))
  })
  return graph
}

function typeKey(module: DecodedModule, index: number): string {
  const type = module.types[index]
  return type === undefined ? '' : `${type.params}>${type.results}`
}

type Components = {
  /** All nodes, callees before callers. */
  readonly order: number[]
  readonly component: number[]
  /** Members by component. */
  readonly sizes: number[]
}

/** Strongly connected components (Tarjan 1972, without recursion). */
function components(graph: readonly number[][]): Components {
  const index = new Array<number>(graph.length).fill(-1)
  const low = new Array<number>(graph.length).fill(0)
  const component = new Array<number>(graph.length).fill(-1)
  const order: number[] = []
  const open: number[] = []
  const path: { node: number; next: number }[] = []
  const sizes: number[] = []
  let count = 0
  const enter = (node: number) => {
    index[node] = count
    low[node] = count++
    open.push(node)
    path.push({ node, next: 0 })
  }
  const lower = (node: number, value: number) => {
    low[node] = Math.min(low[node] ?? 0, value)
  }
  const leave = (node: number) => {
    if (low[node] === index[node]) {
      const start = order.length
      for (let member = -1; member !== node; ) {
        member = open.pop() ?? node
        component[member] = sizes.length
        order.push(member)
      }
      sizes.push(order.length - start)
    }
    path.pop()
    const parent = path[path.length - 1]
    if (parent !== undefined) lower(parent.node, low[node] ?? 0)
  }
  for (let root = 0; root < graph.length; root++) {
    if (index[root] === -1) enter(root)
    for (let step = path[path.length - 1]; step !== undefined; step = path[path.length - 1]) {
      const target = graph[step.node]?.[step.next++]
      if (target === undefined) leave(step.node)
      else if (index[target] === -1) enter(target)
      else if (component[target] === -1) lower(step.node, index[target] ?? 0)
    }
  }
  return { order, component, sizes }
}

/** Bytes of the longest chain of calls from each node, in a graph without circles. */
function chainBytes(graph: readonly number[][], weight: (node: number) => number): number[] {
  const chains = graph.map(() => 0)
  for (const node of components(graph).order) {
    let below = 0
    for (const target of graph[node] ?? []) below = Math.max(below, chains[target] ?? 0)
    chains[node] = below + weight(node)
  }
  return chains
}
