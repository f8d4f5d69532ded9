'use strict';
(() => {
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));

  // Contents from the second-level headings.
  const headings = all('main .prose h2');
  const nav = document.getElementById('contents');
  if (headings.length > 2) {
    const list = document.createElement('ol');
    headings.forEach((heading, position) => {
      heading.id = heading.id || `part-${position + 1}`;
      const link = document.createElement('a');
      link.href = `#${encodeURIComponent(heading.id)}`;
      link.textContent = heading.textContent.replace('¶', '').trim();
      list.appendChild(document.createElement('li')).appendChild(link);
    });
    nav.appendChild(list);
    nav.parentElement.classList.add('with-contents');
    const links = all('a', nav);
    const mark = () => {
      let here = 0;
      headings.forEach((heading, position) => { if (heading.getBoundingClientRect().top < 160) here = position; });
      links.forEach((link, position) => link.classList.toggle('here', position === here));
    };
    addEventListener('scroll', mark, { passive: true });
    mark();
  }

  // One switch for all code.
  const button = document.getElementById('toggle-code');
  const folds = all('details.code');
  button.hidden = folds.length === 0;
  button.addEventListener('click', () => {
    const open = button.getAttribute('aria-pressed') !== 'true';
    button.setAttribute('aria-pressed', String(open));
    button.textContent = open ? 'Hide code' : 'Show code';
    folds.forEach((fold) => { fold.open = open; });
  });

  // Columns of words to the left; figures stay right-aligned.
  const figure = /^$|^[\s+\-−–▲▼✓✗]*(nan|None|NaT|inf|∞|[\d.,  ]+(e[+\-]?\d+)?)\s*(%|bps|s|ms|x|×|\$|USD)?\s*[▲▼]?$/i;
  all('.html table').forEach((table) => {
    const heads = all('thead tr', table);
    if (heads.length === 2 && !heads[0].children[0].textContent.trim() && all('th', heads[1]).slice(1).every((cell) => !cell.textContent.trim())) {
      heads[0].children[0].textContent = heads[1].children[0].textContent; // the index's name needs no row of its own
      heads[0].children[0].classList.add('words');
      heads[1].remove();
    }
    const rows = all('tbody tr', table);
    const width = rows.length ? rows[0].children.length : 0;
    for (let column = 0; column < width; column += 1) {
      const cells = rows.map((row) => row.children[column]).filter((cell) => cell && cell.tagName === 'TD');
      if (cells.length && !cells.every((cell) => figure.test(cell.textContent.trim()))) {
        const long = cells.some((cell) => cell.textContent.length > 56);
        cells.forEach((cell) => cell.classList.add('words', ...(long ? ['long'] : [])));
        all('thead tr', table).forEach((row) => {
          if (row.children.length === width) row.children[column].classList.add('words');
        });
      }
    }
  });

  // On paper the colours written into outputs turn light too; the style sheet takes care of the rest.
  const roles = Object.entries(JSON.parse(document.getElementById('light').textContent));
  const lighten = (text) => roles.reduce((result, [dark, light]) => result.replaceAll(dark, light), text);
  const painted = all('main .html [style], main .html style').map((element) => [element, element.getAttribute('style') || '', element.tagName === 'STYLE' ? element.textContent : null]);
  const paint = (change) => painted.forEach(([element, style, sheet]) => {
    if (style) element.setAttribute('style', change(style));
    if (sheet !== null) element.textContent = change(sheet);
  });
  addEventListener('beforeprint', () => paint(lighten));
  addEventListener('afterprint', () => paint((text) => text));

  // Charts: drawn from their JSON by the plotly inside this file. On paper the same figures with the light palette, as wide as the page.
  const source = document.getElementById('chart-look');
  if (!source || !window.Plotly) return;
  const look = JSON.parse(source.textContent);
  const PAGE = 680; // px, A4 and Letter between their margins
  const draw = (target, text, width) => {
    const chart = JSON.parse(text);
    const layout = chart.layout || {};
    const template = width ? JSON.parse(lighten(JSON.stringify(look))) : look;
    const paper = ((layout.template || {}).layout || {}).paper_bgcolor;
    if (paper !== template.layout.paper_bgcolor) layout.template = template;
    delete layout.width;
    if (width) layout.width = width;
    const config = { displaylogo: false, responsive: !width, displayModeBar: false };
    Plotly.react(target, chart.data || [], layout, config);
  };
  const charts = all('figure.chart').map((holder) => {
    const text = holder.firstElementChild.textContent;
    const target = holder.appendChild(document.createElement('div'));
    draw(target, text, 0);
    return [target, text];
  });
  addEventListener('beforeprint', () => charts.forEach(([target, text]) => draw(target, lighten(text), PAGE)));
  addEventListener('afterprint', () => charts.forEach(([target, text]) => draw(target, text, 0)));
})();
