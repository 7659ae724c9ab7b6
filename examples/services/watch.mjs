// @ts-check
import { WebSocket } from 'ws';

/** Opens a WebSocket with an access token, asks once for the orders, and prints how it ends. */
const [address = '', token = ''] = process.argv.slice(2);
const socket = new WebSocket(address, ['bearer', token]);
socket.on('open', () => socket.send(JSON.stringify({ event: 'orders' })));
socket.on('message', (data) => console.log(`answer ${data}`));
socket.on('close', (code, reason) => console.log(`closed ${code} ${reason}`));
socket.on('error', (error) => console.log(`failed ${error.message}`));
