import type { Route } from '../network/index.ts'
import { Site } from '../site/index.ts'
import { Directory } from './directory.ts'
import { observe } from './observer.ts'
import type { ExplorerDeps } from './ports.ts'
import { explorerRoutes } from './routes.ts'

export type Explorer = {
  /** Routes without prefix; `main/` mounts them under `/explorer`. */
  routes(): Route[]
  /** Ends the feeds and what is watched. */
  close(): void
}

/** Begins to follow the node. Names of processes are read when somebody asks. */
export function createExplorer(deps: ExplorerDeps): Explorer {
  const observer = observe(deps)
  const directory = new Directory(deps)
  const site = new Site({
    title: 'the explorer',
    folder: deps.siteFolder,
    buildCommand: 'node scripts/build-explorer.ts',
    disk: deps.runtime.disk,
    engine: deps.engine,
  })
  return {
    routes: () => explorerRoutes({ deps, observer, directory, site }),
    close() {
      directory.close()
      observer.close()
    },
  }
}
