package lua

// outgoing is a function that returns the request as Kong is about to send it to a backend, but over HTTP/1.1 on a connection of its own:
// after all that plugins and the route changed in method, path, query, Host and headers, without what concerns one connection only, and
// with the headers that Kong adds. Repeated lines of a header stay lines of their own, in their order, however each is spelled: a table by
// the names as sent would have those of another spelling in any order.
//
// Source: Kong 3.9.3, kong/templates/nginx_kong.lua (location /) and kong/runloop/handler.lua (access.after).
const outgoing = `local function outgoing(address, tls)
  local var, spelled = ngx.var, {}
  for name in pairs(ngx.req.get_headers(0, true)) do
    spelled[string.lower(name)] = name
  end
  local body = assert(kong.request.get_raw_body(0))
  local target = var.upstream_uri
  if var.is_args == "?" or string.sub(var.request_uri, -1) == "?" then
    target = target .. "?" .. (var.args or "")
  end
  local host = var.upstream_host
  if not host or host == "" then
    host = address.host
    if address.port ~= (tls and 443 or 80) then
      host = host .. ":" .. address.port
    end
  end
  local lines = { ngx.req.get_method() .. " " .. target .. " HTTP/1.1", "Host: " .. host, "Connection: close" }
  local skip = { host = true, connection = true, te = true, upgrade = true, expect = true, proxy = true, ["keep-alive"] = true,
    ["proxy-connection"] = true, ["transfer-encoding"] = true, ["content-length"] = true }
  for name in string.gmatch(string.lower(var.http_connection or ""), "[^%s,]+") do
    skip[name] = true
  end
  for name, variable in pairs({ ["Via"] = "upstream_via", ["X-Real-IP"] = "remote_addr", ["X-Kong-Request-Id"] = "kong_request_id",
    ["X-Forwarded-For"] = "upstream_x_forwarded_for", ["X-Forwarded-Proto"] = "upstream_x_forwarded_proto",
    ["X-Forwarded-Host"] = "upstream_x_forwarded_host", ["X-Forwarded-Port"] = "upstream_x_forwarded_port",
    ["X-Forwarded-Path"] = "upstream_x_forwarded_path", ["X-Forwarded-Prefix"] = "upstream_x_forwarded_prefix" }) do
    skip[string.lower(name)] = true
    local value = var[variable]
    if value and value ~= "" then
      lines[#lines + 1] = name .. ": " .. value
    end
  end
  for name, values in pairs(ngx.req.get_headers(0)) do
    if not skip[name] then
      for _, value in ipairs(type(values) == "table" and values or { values }) do
        lines[#lines + 1] = spelled[name] .. ": " .. tostring(value)
      end
    end
  end
  if body ~= "" or var.http_content_length then
    lines[#lines + 1] = "Content-Length: " .. #body
  end
  return table.concat(lines, "\r\n") .. "\r\n\r\n" .. body
end
`
