import 'uplot/dist/uPlot.min.css'
import './style/index.css'
import { render } from 'preact'
import { App } from './app.tsx'
import { applyTheme } from './theme.ts'

applyTheme()
const root = document.getElementById('app')
if (root !== null) render(<App />, root)
