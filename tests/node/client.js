// SPDX-License-Identifier: MIT
//
// client.js URL: a stock Socket.IO client. Prints each event's name and argument.
"use strict";

const { io } = require("socket.io-client");

io(process.argv[2]).onAny((event, argument) => console.log(`${event} ${JSON.stringify(argument)}`));
