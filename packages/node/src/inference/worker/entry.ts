import { serveInference } from './serve.ts'

serveInference()
