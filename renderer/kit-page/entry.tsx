/** The kit page: every piece in every state, in the theme that one chooses. `npm run kit`, then /kit.html */
import '@fontsource-variable/inter';
import '@fontsource-variable/jetbrains-mono';
import '../kit/base.css';
import { createRoot } from 'react-dom/client';
import { KitPage } from './KitPage.tsx';

const root = document.getElementById('root');
if (root !== null) {
  createRoot(root).render(<KitPage query={new URLSearchParams(window.location.search)} />);
}
