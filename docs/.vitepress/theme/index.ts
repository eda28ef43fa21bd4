import DefaultTheme from 'vitepress/theme'
import './style.css'

// biome-ignore lint/style/noDefaultExport: VitePress takes the theme from it
export default DefaultTheme
