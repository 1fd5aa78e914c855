/*eslint-disable block-scoped-var, id-length, no-control-regex, no-magic-numbers, no-mixed-operators, no-prototype-builtins, no-redeclare, no-shadow, no-var, sort-vars, default-case, jsdoc/require-param*/
import $protobuf from "protobufjs/minimal.js";

// Common aliases
const $Reader = $protobuf.Reader, $Writer = $protobuf.Writer, $util = $protobuf.util;
const $Object = $util.global.Object, $undefined = $util.global.undefined, $Error = $util.global.Error, $RangeError = $util.global.RangeError;

// Exported root namespace
const $root = $protobuf.roots["narthex"] || ($protobuf.roots["narthex"] = {});

export const narthex = $root.narthex = (() => {

    /**
     * Namespace narthex.
     * @exports narthex
     * @namespace
     */
    const narthex = {};

    /**
     * MatchType enum.
     * @name narthex.MatchType
     * @enum {number}
     * @property {number} EQUAL=0 EQUAL value
     * @property {number} NOT_EQUAL=1 NOT_EQUAL value
     * @property {number} REGEXP=2 REGEXP value
     * @property {number} NOT_REGEXP=3 NOT_REGEXP value
     */
    narthex.MatchType = (function() {
        const valuesById = $Object.create(null), values = $Object.create(valuesById);
        values[valuesById[0] = "EQUAL"] = 0;
        values[valuesById[1] = "NOT_EQUAL"] = 1;
        values[valuesById[2] = "REGEXP"] = 2;
        values[valuesById[3] = "NOT_REGEXP"] = 3;
        return values;
    })();

    narthex.Matcher = (function() {

        /**
         * Properties of a Matcher.
         * @typedef {Object} narthex.Matcher.$Properties
         * @property {narthex.MatchType|null} [type] Matcher type
         * @property {string|null} [name] Matcher name
         * @property {string|null} [value] Matcher value
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a Matcher.
         * @memberof narthex
         * @interface IMatcher
         * @augments narthex.Matcher.$Properties
         * @deprecated Use narthex.Matcher.$Properties instead.
         */

        /**
         * Shape of a Matcher.
         * @typedef {narthex.Matcher.$Properties} narthex.Matcher.$Shape
         */

        /**
         * Constructs a new Matcher.
         * @memberof narthex
         * @classdesc Represents a Matcher.
         * @constructor
         * @param {narthex.Matcher.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const Matcher = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * Matcher type.
         * @member {narthex.MatchType} type
         * @memberof narthex.Matcher
         * @instance
         */
        Matcher.prototype.type = 0;

        /**
         * Matcher name.
         * @member {string} name
         * @memberof narthex.Matcher
         * @instance
         */
        Matcher.prototype.name = "";

        /**
         * Matcher value.
         * @member {string} value
         * @memberof narthex.Matcher
         * @instance
         */
        Matcher.prototype.value = "";

        /**
         * Creates a new Matcher instance using the specified properties.
         * @function create
         * @memberof narthex.Matcher
         * @static
         * @param {narthex.Matcher.$Properties=} [properties] Properties to set
         * @returns {narthex.Matcher} Matcher instance
         * @type {{
         *   (properties: narthex.Matcher.$Shape): narthex.Matcher & narthex.Matcher.$Shape;
         *   (properties?: narthex.Matcher.$Properties): narthex.Matcher;
         * }}
         */
        Matcher.create = function(properties) {
            return new Matcher(properties);
        };

        /**
         * Encodes the specified Matcher message. Does not implicitly {@link narthex.Matcher.verify|verify} messages.
         * @function encode
         * @memberof narthex.Matcher
         * @static
         * @param {narthex.Matcher.$Properties} message Matcher message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        Matcher.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.type != null && $Object.hasOwnProperty.call(message, "type") && message.type !== 0)
                writer.uint32(/* id 1, wireType 0 =*/8).int32(message.type);
            if (message.name != null && $Object.hasOwnProperty.call(message, "name") && message.name !== "")
                writer.uint32(/* id 2, wireType 2 =*/18).string(message.name);
            if (message.value != null && $Object.hasOwnProperty.call(message, "value") && message.value !== "")
                writer.uint32(/* id 3, wireType 2 =*/26).string(message.value);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a Matcher message from the specified reader or buffer.
         * @function decode
         * @memberof narthex.Matcher
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {narthex.Matcher & narthex.Matcher.$Shape} Matcher
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        Matcher.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.narthex.Matcher();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.int32())
                            message.type = value;
                        else
                            delete message.type;
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.name = value;
                        else
                            delete message.name;
                        continue;
                    }
                case 3: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.value = value;
                        else
                            delete message.value;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Matcher;
    })();

    narthex.SelectHints = (function() {

        /**
         * Properties of a SelectHints.
         * @typedef {Object} narthex.SelectHints.$Properties
         * @property {number|null} [step] SelectHints step
         * @property {number|null} [range] SelectHints range
         * @property {string|null} [func] SelectHints func
         * @property {Array.<string>|null} [grouping] SelectHints grouping
         * @property {boolean|null} [by] SelectHints by
         * @property {boolean|null} [skipChunks] SelectHints skipChunks
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a SelectHints.
         * @memberof narthex
         * @interface ISelectHints
         * @augments narthex.SelectHints.$Properties
         * @deprecated Use narthex.SelectHints.$Properties instead.
         */

        /**
         * Shape of a SelectHints.
         * @typedef {narthex.SelectHints.$Properties} narthex.SelectHints.$Shape
         */

        /**
         * Constructs a new SelectHints.
         * @memberof narthex
         * @classdesc Represents a SelectHints.
         * @constructor
         * @param {narthex.SelectHints.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const SelectHints = function (properties) {
            this.grouping = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * SelectHints step.
         * @member {number} step
         * @memberof narthex.SelectHints
         * @instance
         */
        SelectHints.prototype.step = 0;

        /**
         * SelectHints range.
         * @member {number} range
         * @memberof narthex.SelectHints
         * @instance
         */
        SelectHints.prototype.range = 0;

        /**
         * SelectHints func.
         * @member {string} func
         * @memberof narthex.SelectHints
         * @instance
         */
        SelectHints.prototype.func = "";

        /**
         * SelectHints grouping.
         * @member {Array.<string>} grouping
         * @memberof narthex.SelectHints
         * @instance
         */
        SelectHints.prototype.grouping = $util.emptyArray;

        /**
         * SelectHints by.
         * @member {boolean} by
         * @memberof narthex.SelectHints
         * @instance
         */
        SelectHints.prototype.by = false;

        /**
         * SelectHints skipChunks.
         * @member {boolean} skipChunks
         * @memberof narthex.SelectHints
         * @instance
         */
        SelectHints.prototype.skipChunks = false;

        /**
         * Creates a new SelectHints instance using the specified properties.
         * @function create
         * @memberof narthex.SelectHints
         * @static
         * @param {narthex.SelectHints.$Properties=} [properties] Properties to set
         * @returns {narthex.SelectHints} SelectHints instance
         * @type {{
         *   (properties: narthex.SelectHints.$Shape): narthex.SelectHints & narthex.SelectHints.$Shape;
         *   (properties?: narthex.SelectHints.$Properties): narthex.SelectHints;
         * }}
         */
        SelectHints.create = function(properties) {
            return new SelectHints(properties);
        };

        /**
         * Encodes the specified SelectHints message. Does not implicitly {@link narthex.SelectHints.verify|verify} messages.
         * @function encode
         * @memberof narthex.SelectHints
         * @static
         * @param {narthex.SelectHints.$Properties} message SelectHints message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        SelectHints.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.step != null && $Object.hasOwnProperty.call(message, "step") && !$Object.is(message.step, 0))
                writer.uint32(/* id 1, wireType 1 =*/9).double(message.step);
            if (message.range != null && $Object.hasOwnProperty.call(message, "range") && !$Object.is(message.range, 0))
                writer.uint32(/* id 2, wireType 1 =*/17).double(message.range);
            if (message.func != null && $Object.hasOwnProperty.call(message, "func") && message.func !== "")
                writer.uint32(/* id 3, wireType 2 =*/26).string(message.func);
            if (message.grouping != null && message.grouping.length)
                for (let i = 0; i < message.grouping.length; ++i)
                    writer.uint32(/* id 4, wireType 2 =*/34).string(message.grouping[i]);
            if (message.by != null && $Object.hasOwnProperty.call(message, "by") && message.by !== false)
                writer.uint32(/* id 5, wireType 0 =*/40).bool(message.by);
            if (message.skipChunks != null && $Object.hasOwnProperty.call(message, "skipChunks") && message.skipChunks !== false)
                writer.uint32(/* id 6, wireType 0 =*/48).bool(message.skipChunks);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a SelectHints message from the specified reader or buffer.
         * @function decode
         * @memberof narthex.SelectHints
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {narthex.SelectHints & narthex.SelectHints.$Shape} SelectHints
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        SelectHints.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.narthex.SelectHints();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 1)
                            break;
                        if (!$Object.is(value = reader.double(), 0))
                            message.step = value;
                        else
                            delete message.step;
                        continue;
                    }
                case 2: {
                        if (wireType !== 1)
                            break;
                        if (!$Object.is(value = reader.double(), 0))
                            message.range = value;
                        else
                            delete message.range;
                        continue;
                    }
                case 3: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.func = value;
                        else
                            delete message.func;
                        continue;
                    }
                case 4: {
                        if (wireType !== 2)
                            break;
                        if (!(message.grouping && message.grouping.length))
                            message.grouping = [];
                        message.grouping.push(reader.stringVerify());
                        continue;
                    }
                case 5: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.bool())
                            message.by = value;
                        else
                            delete message.by;
                        continue;
                    }
                case 6: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.bool())
                            message.skipChunks = value;
                        else
                            delete message.skipChunks;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return SelectHints;
    })();

    narthex.SelectParams = (function() {

        /**
         * Properties of a SelectParams.
         * @typedef {Object} narthex.SelectParams.$Properties
         * @property {number|null} [mint] SelectParams mint
         * @property {number|null} [maxt] SelectParams maxt
         * @property {Array.<narthex.Matcher.$Properties>|null} [matchers] SelectParams matchers
         * @property {narthex.SelectHints.$Properties|null} [hints] SelectParams hints
         * @property {number|null} [limit] SelectParams limit
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a SelectParams.
         * @memberof narthex
         * @interface ISelectParams
         * @augments narthex.SelectParams.$Properties
         * @deprecated Use narthex.SelectParams.$Properties instead.
         */

        /**
         * Shape of a SelectParams.
         * @typedef {narthex.SelectParams.$Properties} narthex.SelectParams.$Shape
         */

        /**
         * Constructs a new SelectParams.
         * @memberof narthex
         * @classdesc Represents a SelectParams.
         * @constructor
         * @param {narthex.SelectParams.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const SelectParams = function (properties) {
            this.matchers = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * SelectParams mint.
         * @member {number} mint
         * @memberof narthex.SelectParams
         * @instance
         */
        SelectParams.prototype.mint = 0;

        /**
         * SelectParams maxt.
         * @member {number} maxt
         * @memberof narthex.SelectParams
         * @instance
         */
        SelectParams.prototype.maxt = 0;

        /**
         * SelectParams matchers.
         * @member {Array.<narthex.Matcher.$Properties>} matchers
         * @memberof narthex.SelectParams
         * @instance
         */
        SelectParams.prototype.matchers = $util.emptyArray;

        /**
         * SelectParams hints.
         * @member {narthex.SelectHints.$Properties|null|undefined} hints
         * @memberof narthex.SelectParams
         * @instance
         */
        SelectParams.prototype.hints = null;

        /**
         * SelectParams limit.
         * @member {number} limit
         * @memberof narthex.SelectParams
         * @instance
         */
        SelectParams.prototype.limit = 0;

        // OneOf field names bound to virtual getters and setters
        let $oneOfFields;

        // Virtual OneOf for proto3 optional field
        $Object.defineProperty(SelectParams.prototype, "_hints", {
            get: $util.oneOfGetter($oneOfFields = ["hints"]),
            set: $util.oneOfSetter($oneOfFields)
        });

        /**
         * Creates a new SelectParams instance using the specified properties.
         * @function create
         * @memberof narthex.SelectParams
         * @static
         * @param {narthex.SelectParams.$Properties=} [properties] Properties to set
         * @returns {narthex.SelectParams} SelectParams instance
         * @type {{
         *   (properties: narthex.SelectParams.$Shape): narthex.SelectParams & narthex.SelectParams.$Shape;
         *   (properties?: narthex.SelectParams.$Properties): narthex.SelectParams;
         * }}
         */
        SelectParams.create = function(properties) {
            return new SelectParams(properties);
        };

        /**
         * Encodes the specified SelectParams message. Does not implicitly {@link narthex.SelectParams.verify|verify} messages.
         * @function encode
         * @memberof narthex.SelectParams
         * @static
         * @param {narthex.SelectParams.$Properties} message SelectParams message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        SelectParams.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.mint != null && $Object.hasOwnProperty.call(message, "mint") && !$Object.is(message.mint, 0))
                writer.uint32(/* id 1, wireType 1 =*/9).double(message.mint);
            if (message.maxt != null && $Object.hasOwnProperty.call(message, "maxt") && !$Object.is(message.maxt, 0))
                writer.uint32(/* id 2, wireType 1 =*/17).double(message.maxt);
            if (message.matchers != null && message.matchers.length)
                for (let i = 0; i < message.matchers.length; ++i)
                    $root.narthex.Matcher.encode(message.matchers[i], writer.uint32(/* id 3, wireType 2 =*/26).fork(), _depth + 1).ldelim();
            if (message.hints != null && $Object.hasOwnProperty.call(message, "hints"))
                $root.narthex.SelectHints.encode(message.hints, writer.uint32(/* id 4, wireType 2 =*/34).fork(), _depth + 1).ldelim();
            if (message.limit != null && $Object.hasOwnProperty.call(message, "limit") && message.limit !== 0)
                writer.uint32(/* id 5, wireType 0 =*/40).uint32(message.limit);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a SelectParams message from the specified reader or buffer.
         * @function decode
         * @memberof narthex.SelectParams
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {narthex.SelectParams & narthex.SelectParams.$Shape} SelectParams
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        SelectParams.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.narthex.SelectParams();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 1)
                            break;
                        if (!$Object.is(value = reader.double(), 0))
                            message.mint = value;
                        else
                            delete message.mint;
                        continue;
                    }
                case 2: {
                        if (wireType !== 1)
                            break;
                        if (!$Object.is(value = reader.double(), 0))
                            message.maxt = value;
                        else
                            delete message.maxt;
                        continue;
                    }
                case 3: {
                        if (wireType !== 2)
                            break;
                        if (!(message.matchers && message.matchers.length))
                            message.matchers = [];
                        message.matchers.push($root.narthex.Matcher.decode(reader, reader.size(), $undefined, _depth + 1));
                        continue;
                    }
                case 4: {
                        if (wireType !== 2)
                            break;
                        message.hints = $root.narthex.SelectHints.decode(reader, reader.size(), $undefined, _depth + 1, message.hints);
                        message._hints = "hints";
                        continue;
                    }
                case 5: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.limit = value;
                        else
                            delete message.limit;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return SelectParams;
    })();

    narthex.SelectResponse = (function() {

        /**
         * Properties of a SelectResponse.
         * @typedef {Object} narthex.SelectResponse.$Properties
         * @property {Uint8Array|null} [series] SelectResponse series
         * @property {Array.<string>|null} [warnings] SelectResponse warnings
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a SelectResponse.
         * @memberof narthex
         * @interface ISelectResponse
         * @augments narthex.SelectResponse.$Properties
         * @deprecated Use narthex.SelectResponse.$Properties instead.
         */

        /**
         * Shape of a SelectResponse.
         * @typedef {narthex.SelectResponse.$Properties} narthex.SelectResponse.$Shape
         */

        /**
         * Constructs a new SelectResponse.
         * @memberof narthex
         * @classdesc Represents a SelectResponse.
         * @constructor
         * @param {narthex.SelectResponse.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const SelectResponse = function (properties) {
            this.warnings = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * SelectResponse series.
         * @member {Uint8Array} series
         * @memberof narthex.SelectResponse
         * @instance
         */
        SelectResponse.prototype.series = $util.newBuffer([]);

        /**
         * SelectResponse warnings.
         * @member {Array.<string>} warnings
         * @memberof narthex.SelectResponse
         * @instance
         */
        SelectResponse.prototype.warnings = $util.emptyArray;

        /**
         * Creates a new SelectResponse instance using the specified properties.
         * @function create
         * @memberof narthex.SelectResponse
         * @static
         * @param {narthex.SelectResponse.$Properties=} [properties] Properties to set
         * @returns {narthex.SelectResponse} SelectResponse instance
         * @type {{
         *   (properties: narthex.SelectResponse.$Shape): narthex.SelectResponse & narthex.SelectResponse.$Shape;
         *   (properties?: narthex.SelectResponse.$Properties): narthex.SelectResponse;
         * }}
         */
        SelectResponse.create = function(properties) {
            return new SelectResponse(properties);
        };

        /**
         * Encodes the specified SelectResponse message. Does not implicitly {@link narthex.SelectResponse.verify|verify} messages.
         * @function encode
         * @memberof narthex.SelectResponse
         * @static
         * @param {narthex.SelectResponse.$Properties} message SelectResponse message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        SelectResponse.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.series != null && $Object.hasOwnProperty.call(message, "series") && message.series.length)
                writer.uint32(/* id 1, wireType 2 =*/10).bytes(message.series);
            if (message.warnings != null && message.warnings.length)
                for (let i = 0; i < message.warnings.length; ++i)
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.warnings[i]);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a SelectResponse message from the specified reader or buffer.
         * @function decode
         * @memberof narthex.SelectResponse
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {narthex.SelectResponse & narthex.SelectResponse.$Shape} SelectResponse
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        SelectResponse.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.narthex.SelectResponse();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.series = value;
                        else
                            delete message.series;
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if (!(message.warnings && message.warnings.length))
                            message.warnings = [];
                        message.warnings.push(reader.stringVerify());
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return SelectResponse;
    })();

    narthex.LabelParams = (function() {

        /**
         * Properties of a LabelParams.
         * @typedef {Object} narthex.LabelParams.$Properties
         * @property {number|null} [mint] LabelParams mint
         * @property {number|null} [maxt] LabelParams maxt
         * @property {Array.<narthex.Matcher.$Properties>|null} [matchers] LabelParams matchers
         * @property {number|null} [limit] LabelParams limit
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a LabelParams.
         * @memberof narthex
         * @interface ILabelParams
         * @augments narthex.LabelParams.$Properties
         * @deprecated Use narthex.LabelParams.$Properties instead.
         */

        /**
         * Shape of a LabelParams.
         * @typedef {narthex.LabelParams.$Properties} narthex.LabelParams.$Shape
         */

        /**
         * Constructs a new LabelParams.
         * @memberof narthex
         * @classdesc Represents a LabelParams.
         * @constructor
         * @param {narthex.LabelParams.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const LabelParams = function (properties) {
            this.matchers = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * LabelParams mint.
         * @member {number} mint
         * @memberof narthex.LabelParams
         * @instance
         */
        LabelParams.prototype.mint = 0;

        /**
         * LabelParams maxt.
         * @member {number} maxt
         * @memberof narthex.LabelParams
         * @instance
         */
        LabelParams.prototype.maxt = 0;

        /**
         * LabelParams matchers.
         * @member {Array.<narthex.Matcher.$Properties>} matchers
         * @memberof narthex.LabelParams
         * @instance
         */
        LabelParams.prototype.matchers = $util.emptyArray;

        /**
         * LabelParams limit.
         * @member {number} limit
         * @memberof narthex.LabelParams
         * @instance
         */
        LabelParams.prototype.limit = 0;

        /**
         * Creates a new LabelParams instance using the specified properties.
         * @function create
         * @memberof narthex.LabelParams
         * @static
         * @param {narthex.LabelParams.$Properties=} [properties] Properties to set
         * @returns {narthex.LabelParams} LabelParams instance
         * @type {{
         *   (properties: narthex.LabelParams.$Shape): narthex.LabelParams & narthex.LabelParams.$Shape;
         *   (properties?: narthex.LabelParams.$Properties): narthex.LabelParams;
         * }}
         */
        LabelParams.create = function(properties) {
            return new LabelParams(properties);
        };

        /**
         * Encodes the specified LabelParams message. Does not implicitly {@link narthex.LabelParams.verify|verify} messages.
         * @function encode
         * @memberof narthex.LabelParams
         * @static
         * @param {narthex.LabelParams.$Properties} message LabelParams message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        LabelParams.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.mint != null && $Object.hasOwnProperty.call(message, "mint") && !$Object.is(message.mint, 0))
                writer.uint32(/* id 1, wireType 1 =*/9).double(message.mint);
            if (message.maxt != null && $Object.hasOwnProperty.call(message, "maxt") && !$Object.is(message.maxt, 0))
                writer.uint32(/* id 2, wireType 1 =*/17).double(message.maxt);
            if (message.matchers != null && message.matchers.length)
                for (let i = 0; i < message.matchers.length; ++i)
                    $root.narthex.Matcher.encode(message.matchers[i], writer.uint32(/* id 3, wireType 2 =*/26).fork(), _depth + 1).ldelim();
            if (message.limit != null && $Object.hasOwnProperty.call(message, "limit") && message.limit !== 0)
                writer.uint32(/* id 4, wireType 0 =*/32).uint32(message.limit);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a LabelParams message from the specified reader or buffer.
         * @function decode
         * @memberof narthex.LabelParams
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {narthex.LabelParams & narthex.LabelParams.$Shape} LabelParams
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        LabelParams.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.narthex.LabelParams();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 1)
                            break;
                        if (!$Object.is(value = reader.double(), 0))
                            message.mint = value;
                        else
                            delete message.mint;
                        continue;
                    }
                case 2: {
                        if (wireType !== 1)
                            break;
                        if (!$Object.is(value = reader.double(), 0))
                            message.maxt = value;
                        else
                            delete message.maxt;
                        continue;
                    }
                case 3: {
                        if (wireType !== 2)
                            break;
                        if (!(message.matchers && message.matchers.length))
                            message.matchers = [];
                        message.matchers.push($root.narthex.Matcher.decode(reader, reader.size(), $undefined, _depth + 1));
                        continue;
                    }
                case 4: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.limit = value;
                        else
                            delete message.limit;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return LabelParams;
    })();

    narthex.LabelsResponse = (function() {

        /**
         * Properties of a LabelsResponse.
         * @typedef {Object} narthex.LabelsResponse.$Properties
         * @property {Array.<string>|null} [values] LabelsResponse values
         * @property {Array.<string>|null} [warnings] LabelsResponse warnings
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a LabelsResponse.
         * @memberof narthex
         * @interface ILabelsResponse
         * @augments narthex.LabelsResponse.$Properties
         * @deprecated Use narthex.LabelsResponse.$Properties instead.
         */

        /**
         * Shape of a LabelsResponse.
         * @typedef {narthex.LabelsResponse.$Properties} narthex.LabelsResponse.$Shape
         */

        /**
         * Constructs a new LabelsResponse.
         * @memberof narthex
         * @classdesc Represents a LabelsResponse.
         * @constructor
         * @param {narthex.LabelsResponse.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const LabelsResponse = function (properties) {
            this.values = [];
            this.warnings = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * LabelsResponse values.
         * @member {Array.<string>} values
         * @memberof narthex.LabelsResponse
         * @instance
         */
        LabelsResponse.prototype.values = $util.emptyArray;

        /**
         * LabelsResponse warnings.
         * @member {Array.<string>} warnings
         * @memberof narthex.LabelsResponse
         * @instance
         */
        LabelsResponse.prototype.warnings = $util.emptyArray;

        /**
         * Creates a new LabelsResponse instance using the specified properties.
         * @function create
         * @memberof narthex.LabelsResponse
         * @static
         * @param {narthex.LabelsResponse.$Properties=} [properties] Properties to set
         * @returns {narthex.LabelsResponse} LabelsResponse instance
         * @type {{
         *   (properties: narthex.LabelsResponse.$Shape): narthex.LabelsResponse & narthex.LabelsResponse.$Shape;
         *   (properties?: narthex.LabelsResponse.$Properties): narthex.LabelsResponse;
         * }}
         */
        LabelsResponse.create = function(properties) {
            return new LabelsResponse(properties);
        };

        /**
         * Encodes the specified LabelsResponse message. Does not implicitly {@link narthex.LabelsResponse.verify|verify} messages.
         * @function encode
         * @memberof narthex.LabelsResponse
         * @static
         * @param {narthex.LabelsResponse.$Properties} message LabelsResponse message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        LabelsResponse.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.values != null && message.values.length)
                for (let i = 0; i < message.values.length; ++i)
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.values[i]);
            if (message.warnings != null && message.warnings.length)
                for (let i = 0; i < message.warnings.length; ++i)
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.warnings[i]);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a LabelsResponse message from the specified reader or buffer.
         * @function decode
         * @memberof narthex.LabelsResponse
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {narthex.LabelsResponse & narthex.LabelsResponse.$Shape} LabelsResponse
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        LabelsResponse.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.narthex.LabelsResponse();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if (!(message.values && message.values.length))
                            message.values = [];
                        message.values.push(reader.stringVerify());
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if (!(message.warnings && message.warnings.length))
                            message.warnings = [];
                        message.warnings.push(reader.stringVerify());
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return LabelsResponse;
    })();

    narthex.WriteRequest = (function() {

        /**
         * Properties of a WriteRequest.
         * @typedef {Object} narthex.WriteRequest.$Properties
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a WriteRequest.
         * @memberof narthex
         * @interface IWriteRequest
         * @augments narthex.WriteRequest.$Properties
         * @deprecated Use narthex.WriteRequest.$Properties instead.
         */

        /**
         * Shape of a WriteRequest.
         * @typedef {narthex.WriteRequest.$Properties} narthex.WriteRequest.$Shape
         */

        /**
         * Constructs a new WriteRequest.
         * @memberof narthex
         * @classdesc Represents a WriteRequest.
         * @constructor
         * @param {narthex.WriteRequest.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const WriteRequest = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * Creates a new WriteRequest instance using the specified properties.
         * @function create
         * @memberof narthex.WriteRequest
         * @static
         * @param {narthex.WriteRequest.$Properties=} [properties] Properties to set
         * @returns {narthex.WriteRequest} WriteRequest instance
         * @type {{
         *   (properties: narthex.WriteRequest.$Shape): narthex.WriteRequest & narthex.WriteRequest.$Shape;
         *   (properties?: narthex.WriteRequest.$Properties): narthex.WriteRequest;
         * }}
         */
        WriteRequest.create = function(properties) {
            return new WriteRequest(properties);
        };

        /**
         * Encodes the specified WriteRequest message. Does not implicitly {@link narthex.WriteRequest.verify|verify} messages.
         * @function encode
         * @memberof narthex.WriteRequest
         * @static
         * @param {narthex.WriteRequest.$Properties} message WriteRequest message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        WriteRequest.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a WriteRequest message from the specified reader or buffer.
         * @function decode
         * @memberof narthex.WriteRequest
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {narthex.WriteRequest & narthex.WriteRequest.$Shape} WriteRequest
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        WriteRequest.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.narthex.WriteRequest();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                reader.skipType(tag & 7, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return WriteRequest;
    })();

    narthex.PushResponse = (function() {

        /**
         * Properties of a PushResponse.
         * @typedef {Object} narthex.PushResponse.$Properties
         * @property {number|null} [samples] PushResponse samples
         * @property {Array.<narthex.Rejection.$Properties>|null} [rejected] PushResponse rejected
         * @property {number|null} [exemplarsRefused] PushResponse exemplarsRefused
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a PushResponse.
         * @memberof narthex
         * @interface IPushResponse
         * @augments narthex.PushResponse.$Properties
         * @deprecated Use narthex.PushResponse.$Properties instead.
         */

        /**
         * Shape of a PushResponse.
         * @typedef {narthex.PushResponse.$Properties} narthex.PushResponse.$Shape
         */

        /**
         * Constructs a new PushResponse.
         * @memberof narthex
         * @classdesc Represents a PushResponse.
         * @constructor
         * @param {narthex.PushResponse.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const PushResponse = function (properties) {
            this.rejected = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * PushResponse samples.
         * @member {number} samples
         * @memberof narthex.PushResponse
         * @instance
         */
        PushResponse.prototype.samples = 0;

        /**
         * PushResponse rejected.
         * @member {Array.<narthex.Rejection.$Properties>} rejected
         * @memberof narthex.PushResponse
         * @instance
         */
        PushResponse.prototype.rejected = $util.emptyArray;

        /**
         * PushResponse exemplarsRefused.
         * @member {number} exemplarsRefused
         * @memberof narthex.PushResponse
         * @instance
         */
        PushResponse.prototype.exemplarsRefused = 0;

        /**
         * Creates a new PushResponse instance using the specified properties.
         * @function create
         * @memberof narthex.PushResponse
         * @static
         * @param {narthex.PushResponse.$Properties=} [properties] Properties to set
         * @returns {narthex.PushResponse} PushResponse instance
         * @type {{
         *   (properties: narthex.PushResponse.$Shape): narthex.PushResponse & narthex.PushResponse.$Shape;
         *   (properties?: narthex.PushResponse.$Properties): narthex.PushResponse;
         * }}
         */
        PushResponse.create = function(properties) {
            return new PushResponse(properties);
        };

        /**
         * Encodes the specified PushResponse message. Does not implicitly {@link narthex.PushResponse.verify|verify} messages.
         * @function encode
         * @memberof narthex.PushResponse
         * @static
         * @param {narthex.PushResponse.$Properties} message PushResponse message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        PushResponse.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.samples != null && $Object.hasOwnProperty.call(message, "samples") && !$Object.is(message.samples, 0))
                writer.uint32(/* id 1, wireType 1 =*/9).double(message.samples);
            if (message.rejected != null && message.rejected.length)
                for (let i = 0; i < message.rejected.length; ++i)
                    $root.narthex.Rejection.encode(message.rejected[i], writer.uint32(/* id 2, wireType 2 =*/18).fork(), _depth + 1).ldelim();
            if (message.exemplarsRefused != null && $Object.hasOwnProperty.call(message, "exemplarsRefused") && !$Object.is(message.exemplarsRefused, 0))
                writer.uint32(/* id 3, wireType 1 =*/25).double(message.exemplarsRefused);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a PushResponse message from the specified reader or buffer.
         * @function decode
         * @memberof narthex.PushResponse
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {narthex.PushResponse & narthex.PushResponse.$Shape} PushResponse
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        PushResponse.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.narthex.PushResponse();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 1)
                            break;
                        if (!$Object.is(value = reader.double(), 0))
                            message.samples = value;
                        else
                            delete message.samples;
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if (!(message.rejected && message.rejected.length))
                            message.rejected = [];
                        message.rejected.push($root.narthex.Rejection.decode(reader, reader.size(), $undefined, _depth + 1));
                        continue;
                    }
                case 3: {
                        if (wireType !== 1)
                            break;
                        if (!$Object.is(value = reader.double(), 0))
                            message.exemplarsRefused = value;
                        else
                            delete message.exemplarsRefused;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return PushResponse;
    })();

    narthex.Rejection = (function() {

        /**
         * Properties of a Rejection.
         * @typedef {Object} narthex.Rejection.$Properties
         * @property {string|null} [reason] Rejection reason
         * @property {number|null} [count] Rejection count
         * @property {string|null} [message] Rejection message
         * @property {number|null} [histograms] Rejection histograms
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a Rejection.
         * @memberof narthex
         * @interface IRejection
         * @augments narthex.Rejection.$Properties
         * @deprecated Use narthex.Rejection.$Properties instead.
         */

        /**
         * Shape of a Rejection.
         * @typedef {narthex.Rejection.$Properties} narthex.Rejection.$Shape
         */

        /**
         * Constructs a new Rejection.
         * @memberof narthex
         * @classdesc Represents a Rejection.
         * @constructor
         * @param {narthex.Rejection.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const Rejection = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * Rejection reason.
         * @member {string} reason
         * @memberof narthex.Rejection
         * @instance
         */
        Rejection.prototype.reason = "";

        /**
         * Rejection count.
         * @member {number} count
         * @memberof narthex.Rejection
         * @instance
         */
        Rejection.prototype.count = 0;

        /**
         * Rejection message.
         * @member {string} message
         * @memberof narthex.Rejection
         * @instance
         */
        Rejection.prototype.message = "";

        /**
         * Rejection histograms.
         * @member {number} histograms
         * @memberof narthex.Rejection
         * @instance
         */
        Rejection.prototype.histograms = 0;

        /**
         * Creates a new Rejection instance using the specified properties.
         * @function create
         * @memberof narthex.Rejection
         * @static
         * @param {narthex.Rejection.$Properties=} [properties] Properties to set
         * @returns {narthex.Rejection} Rejection instance
         * @type {{
         *   (properties: narthex.Rejection.$Shape): narthex.Rejection & narthex.Rejection.$Shape;
         *   (properties?: narthex.Rejection.$Properties): narthex.Rejection;
         * }}
         */
        Rejection.create = function(properties) {
            return new Rejection(properties);
        };

        /**
         * Encodes the specified Rejection message. Does not implicitly {@link narthex.Rejection.verify|verify} messages.
         * @function encode
         * @memberof narthex.Rejection
         * @static
         * @param {narthex.Rejection.$Properties} message Rejection message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        Rejection.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.reason != null && $Object.hasOwnProperty.call(message, "reason") && message.reason !== "")
                writer.uint32(/* id 1, wireType 2 =*/10).string(message.reason);
            if (message.count != null && $Object.hasOwnProperty.call(message, "count") && !$Object.is(message.count, 0))
                writer.uint32(/* id 2, wireType 1 =*/17).double(message.count);
            if (message.message != null && $Object.hasOwnProperty.call(message, "message") && message.message !== "")
                writer.uint32(/* id 3, wireType 2 =*/26).string(message.message);
            if (message.histograms != null && $Object.hasOwnProperty.call(message, "histograms") && !$Object.is(message.histograms, 0))
                writer.uint32(/* id 4, wireType 1 =*/33).double(message.histograms);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a Rejection message from the specified reader or buffer.
         * @function decode
         * @memberof narthex.Rejection
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {narthex.Rejection & narthex.Rejection.$Shape} Rejection
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        Rejection.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.narthex.Rejection();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.reason = value;
                        else
                            delete message.reason;
                        continue;
                    }
                case 2: {
                        if (wireType !== 1)
                            break;
                        if (!$Object.is(value = reader.double(), 0))
                            message.count = value;
                        else
                            delete message.count;
                        continue;
                    }
                case 3: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.message = value;
                        else
                            delete message.message;
                        continue;
                    }
                case 4: {
                        if (wireType !== 1)
                            break;
                        if (!$Object.is(value = reader.double(), 0))
                            message.histograms = value;
                        else
                            delete message.histograms;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Rejection;
    })();

    narthex.SelectRequest = (function() {

        /**
         * Properties of a SelectRequest.
         * @typedef {Object} narthex.SelectRequest.$Properties
         * @property {narthex.SelectParams.$Properties|null} [params] SelectRequest params
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a SelectRequest.
         * @memberof narthex
         * @interface ISelectRequest
         * @augments narthex.SelectRequest.$Properties
         * @deprecated Use narthex.SelectRequest.$Properties instead.
         */

        /**
         * Shape of a SelectRequest.
         * @typedef {narthex.SelectRequest.$Properties} narthex.SelectRequest.$Shape
         */

        /**
         * Constructs a new SelectRequest.
         * @memberof narthex
         * @classdesc Represents a SelectRequest.
         * @constructor
         * @param {narthex.SelectRequest.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const SelectRequest = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * SelectRequest params.
         * @member {narthex.SelectParams.$Properties|null|undefined} params
         * @memberof narthex.SelectRequest
         * @instance
         */
        SelectRequest.prototype.params = null;

        /**
         * Creates a new SelectRequest instance using the specified properties.
         * @function create
         * @memberof narthex.SelectRequest
         * @static
         * @param {narthex.SelectRequest.$Properties=} [properties] Properties to set
         * @returns {narthex.SelectRequest} SelectRequest instance
         * @type {{
         *   (properties: narthex.SelectRequest.$Shape): narthex.SelectRequest & narthex.SelectRequest.$Shape;
         *   (properties?: narthex.SelectRequest.$Properties): narthex.SelectRequest;
         * }}
         */
        SelectRequest.create = function(properties) {
            return new SelectRequest(properties);
        };

        /**
         * Encodes the specified SelectRequest message. Does not implicitly {@link narthex.SelectRequest.verify|verify} messages.
         * @function encode
         * @memberof narthex.SelectRequest
         * @static
         * @param {narthex.SelectRequest.$Properties} message SelectRequest message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        SelectRequest.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.params != null && $Object.hasOwnProperty.call(message, "params"))
                $root.narthex.SelectParams.encode(message.params, writer.uint32(/* id 1, wireType 2 =*/10).fork(), _depth + 1).ldelim();
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a SelectRequest message from the specified reader or buffer.
         * @function decode
         * @memberof narthex.SelectRequest
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {narthex.SelectRequest & narthex.SelectRequest.$Shape} SelectRequest
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        SelectRequest.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.narthex.SelectRequest();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        message.params = $root.narthex.SelectParams.decode(reader, reader.size(), $undefined, _depth + 1, message.params);
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return SelectRequest;
    })();

    narthex.LabelNamesRequest = (function() {

        /**
         * Properties of a LabelNamesRequest.
         * @typedef {Object} narthex.LabelNamesRequest.$Properties
         * @property {narthex.LabelParams.$Properties|null} [params] LabelNamesRequest params
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a LabelNamesRequest.
         * @memberof narthex
         * @interface ILabelNamesRequest
         * @augments narthex.LabelNamesRequest.$Properties
         * @deprecated Use narthex.LabelNamesRequest.$Properties instead.
         */

        /**
         * Shape of a LabelNamesRequest.
         * @typedef {narthex.LabelNamesRequest.$Properties} narthex.LabelNamesRequest.$Shape
         */

        /**
         * Constructs a new LabelNamesRequest.
         * @memberof narthex
         * @classdesc Represents a LabelNamesRequest.
         * @constructor
         * @param {narthex.LabelNamesRequest.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const LabelNamesRequest = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * LabelNamesRequest params.
         * @member {narthex.LabelParams.$Properties|null|undefined} params
         * @memberof narthex.LabelNamesRequest
         * @instance
         */
        LabelNamesRequest.prototype.params = null;

        /**
         * Creates a new LabelNamesRequest instance using the specified properties.
         * @function create
         * @memberof narthex.LabelNamesRequest
         * @static
         * @param {narthex.LabelNamesRequest.$Properties=} [properties] Properties to set
         * @returns {narthex.LabelNamesRequest} LabelNamesRequest instance
         * @type {{
         *   (properties: narthex.LabelNamesRequest.$Shape): narthex.LabelNamesRequest & narthex.LabelNamesRequest.$Shape;
         *   (properties?: narthex.LabelNamesRequest.$Properties): narthex.LabelNamesRequest;
         * }}
         */
        LabelNamesRequest.create = function(properties) {
            return new LabelNamesRequest(properties);
        };

        /**
         * Encodes the specified LabelNamesRequest message. Does not implicitly {@link narthex.LabelNamesRequest.verify|verify} messages.
         * @function encode
         * @memberof narthex.LabelNamesRequest
         * @static
         * @param {narthex.LabelNamesRequest.$Properties} message LabelNamesRequest message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        LabelNamesRequest.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.params != null && $Object.hasOwnProperty.call(message, "params"))
                $root.narthex.LabelParams.encode(message.params, writer.uint32(/* id 1, wireType 2 =*/10).fork(), _depth + 1).ldelim();
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a LabelNamesRequest message from the specified reader or buffer.
         * @function decode
         * @memberof narthex.LabelNamesRequest
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {narthex.LabelNamesRequest & narthex.LabelNamesRequest.$Shape} LabelNamesRequest
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        LabelNamesRequest.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.narthex.LabelNamesRequest();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        message.params = $root.narthex.LabelParams.decode(reader, reader.size(), $undefined, _depth + 1, message.params);
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return LabelNamesRequest;
    })();

    narthex.LabelValuesRequest = (function() {

        /**
         * Properties of a LabelValuesRequest.
         * @typedef {Object} narthex.LabelValuesRequest.$Properties
         * @property {narthex.LabelParams.$Properties|null} [params] LabelValuesRequest params
         * @property {string|null} [name] LabelValuesRequest name
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a LabelValuesRequest.
         * @memberof narthex
         * @interface ILabelValuesRequest
         * @augments narthex.LabelValuesRequest.$Properties
         * @deprecated Use narthex.LabelValuesRequest.$Properties instead.
         */

        /**
         * Shape of a LabelValuesRequest.
         * @typedef {narthex.LabelValuesRequest.$Properties} narthex.LabelValuesRequest.$Shape
         */

        /**
         * Constructs a new LabelValuesRequest.
         * @memberof narthex
         * @classdesc Represents a LabelValuesRequest.
         * @constructor
         * @param {narthex.LabelValuesRequest.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const LabelValuesRequest = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * LabelValuesRequest params.
         * @member {narthex.LabelParams.$Properties|null|undefined} params
         * @memberof narthex.LabelValuesRequest
         * @instance
         */
        LabelValuesRequest.prototype.params = null;

        /**
         * LabelValuesRequest name.
         * @member {string} name
         * @memberof narthex.LabelValuesRequest
         * @instance
         */
        LabelValuesRequest.prototype.name = "";

        /**
         * Creates a new LabelValuesRequest instance using the specified properties.
         * @function create
         * @memberof narthex.LabelValuesRequest
         * @static
         * @param {narthex.LabelValuesRequest.$Properties=} [properties] Properties to set
         * @returns {narthex.LabelValuesRequest} LabelValuesRequest instance
         * @type {{
         *   (properties: narthex.LabelValuesRequest.$Shape): narthex.LabelValuesRequest & narthex.LabelValuesRequest.$Shape;
         *   (properties?: narthex.LabelValuesRequest.$Properties): narthex.LabelValuesRequest;
         * }}
         */
        LabelValuesRequest.create = function(properties) {
            return new LabelValuesRequest(properties);
        };

        /**
         * Encodes the specified LabelValuesRequest message. Does not implicitly {@link narthex.LabelValuesRequest.verify|verify} messages.
         * @function encode
         * @memberof narthex.LabelValuesRequest
         * @static
         * @param {narthex.LabelValuesRequest.$Properties} message LabelValuesRequest message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        LabelValuesRequest.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.params != null && $Object.hasOwnProperty.call(message, "params"))
                $root.narthex.LabelParams.encode(message.params, writer.uint32(/* id 1, wireType 2 =*/10).fork(), _depth + 1).ldelim();
            if (message.name != null && $Object.hasOwnProperty.call(message, "name") && message.name !== "")
                writer.uint32(/* id 2, wireType 2 =*/18).string(message.name);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a LabelValuesRequest message from the specified reader or buffer.
         * @function decode
         * @memberof narthex.LabelValuesRequest
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {narthex.LabelValuesRequest & narthex.LabelValuesRequest.$Shape} LabelValuesRequest
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        LabelValuesRequest.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.narthex.LabelValuesRequest();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        message.params = $root.narthex.LabelParams.decode(reader, reader.size(), $undefined, _depth + 1, message.params);
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.name = value;
                        else
                            delete message.name;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return LabelValuesRequest;
    })();

    narthex.MetadataRequest = (function() {

        /**
         * Properties of a MetadataRequest.
         * @typedef {Object} narthex.MetadataRequest.$Properties
         * @property {string|null} [metric] MetadataRequest metric
         * @property {number|null} [limit] MetadataRequest limit
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a MetadataRequest.
         * @memberof narthex
         * @interface IMetadataRequest
         * @augments narthex.MetadataRequest.$Properties
         * @deprecated Use narthex.MetadataRequest.$Properties instead.
         */

        /**
         * Shape of a MetadataRequest.
         * @typedef {narthex.MetadataRequest.$Properties} narthex.MetadataRequest.$Shape
         */

        /**
         * Constructs a new MetadataRequest.
         * @memberof narthex
         * @classdesc Represents a MetadataRequest.
         * @constructor
         * @param {narthex.MetadataRequest.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const MetadataRequest = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * MetadataRequest metric.
         * @member {string|null|undefined} metric
         * @memberof narthex.MetadataRequest
         * @instance
         */
        MetadataRequest.prototype.metric = null;

        /**
         * MetadataRequest limit.
         * @member {number} limit
         * @memberof narthex.MetadataRequest
         * @instance
         */
        MetadataRequest.prototype.limit = 0;

        // OneOf field names bound to virtual getters and setters
        let $oneOfFields;

        // Virtual OneOf for proto3 optional field
        $Object.defineProperty(MetadataRequest.prototype, "_metric", {
            get: $util.oneOfGetter($oneOfFields = ["metric"]),
            set: $util.oneOfSetter($oneOfFields)
        });

        /**
         * Creates a new MetadataRequest instance using the specified properties.
         * @function create
         * @memberof narthex.MetadataRequest
         * @static
         * @param {narthex.MetadataRequest.$Properties=} [properties] Properties to set
         * @returns {narthex.MetadataRequest} MetadataRequest instance
         * @type {{
         *   (properties: narthex.MetadataRequest.$Shape): narthex.MetadataRequest & narthex.MetadataRequest.$Shape;
         *   (properties?: narthex.MetadataRequest.$Properties): narthex.MetadataRequest;
         * }}
         */
        MetadataRequest.create = function(properties) {
            return new MetadataRequest(properties);
        };

        /**
         * Encodes the specified MetadataRequest message. Does not implicitly {@link narthex.MetadataRequest.verify|verify} messages.
         * @function encode
         * @memberof narthex.MetadataRequest
         * @static
         * @param {narthex.MetadataRequest.$Properties} message MetadataRequest message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        MetadataRequest.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.metric != null && $Object.hasOwnProperty.call(message, "metric"))
                writer.uint32(/* id 1, wireType 2 =*/10).string(message.metric);
            if (message.limit != null && $Object.hasOwnProperty.call(message, "limit") && message.limit !== 0)
                writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.limit);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a MetadataRequest message from the specified reader or buffer.
         * @function decode
         * @memberof narthex.MetadataRequest
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {narthex.MetadataRequest & narthex.MetadataRequest.$Shape} MetadataRequest
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        MetadataRequest.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.narthex.MetadataRequest();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        message.metric = reader.stringVerify();
                        message._metric = "metric";
                        continue;
                    }
                case 2: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.limit = value;
                        else
                            delete message.limit;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return MetadataRequest;
    })();

    narthex.MetricMetadata = (function() {

        /**
         * Properties of a MetricMetadata.
         * @typedef {Object} narthex.MetricMetadata.$Properties
         * @property {string|null} [metric] MetricMetadata metric
         * @property {string|null} [type] MetricMetadata type
         * @property {string|null} [help] MetricMetadata help
         * @property {string|null} [unit] MetricMetadata unit
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a MetricMetadata.
         * @memberof narthex
         * @interface IMetricMetadata
         * @augments narthex.MetricMetadata.$Properties
         * @deprecated Use narthex.MetricMetadata.$Properties instead.
         */

        /**
         * Shape of a MetricMetadata.
         * @typedef {narthex.MetricMetadata.$Properties} narthex.MetricMetadata.$Shape
         */

        /**
         * Constructs a new MetricMetadata.
         * @memberof narthex
         * @classdesc Represents a MetricMetadata.
         * @constructor
         * @param {narthex.MetricMetadata.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const MetricMetadata = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * MetricMetadata metric.
         * @member {string} metric
         * @memberof narthex.MetricMetadata
         * @instance
         */
        MetricMetadata.prototype.metric = "";

        /**
         * MetricMetadata type.
         * @member {string} type
         * @memberof narthex.MetricMetadata
         * @instance
         */
        MetricMetadata.prototype.type = "";

        /**
         * MetricMetadata help.
         * @member {string} help
         * @memberof narthex.MetricMetadata
         * @instance
         */
        MetricMetadata.prototype.help = "";

        /**
         * MetricMetadata unit.
         * @member {string} unit
         * @memberof narthex.MetricMetadata
         * @instance
         */
        MetricMetadata.prototype.unit = "";

        /**
         * Creates a new MetricMetadata instance using the specified properties.
         * @function create
         * @memberof narthex.MetricMetadata
         * @static
         * @param {narthex.MetricMetadata.$Properties=} [properties] Properties to set
         * @returns {narthex.MetricMetadata} MetricMetadata instance
         * @type {{
         *   (properties: narthex.MetricMetadata.$Shape): narthex.MetricMetadata & narthex.MetricMetadata.$Shape;
         *   (properties?: narthex.MetricMetadata.$Properties): narthex.MetricMetadata;
         * }}
         */
        MetricMetadata.create = function(properties) {
            return new MetricMetadata(properties);
        };

        /**
         * Encodes the specified MetricMetadata message. Does not implicitly {@link narthex.MetricMetadata.verify|verify} messages.
         * @function encode
         * @memberof narthex.MetricMetadata
         * @static
         * @param {narthex.MetricMetadata.$Properties} message MetricMetadata message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        MetricMetadata.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.metric != null && $Object.hasOwnProperty.call(message, "metric") && message.metric !== "")
                writer.uint32(/* id 1, wireType 2 =*/10).string(message.metric);
            if (message.type != null && $Object.hasOwnProperty.call(message, "type") && message.type !== "")
                writer.uint32(/* id 2, wireType 2 =*/18).string(message.type);
            if (message.help != null && $Object.hasOwnProperty.call(message, "help") && message.help !== "")
                writer.uint32(/* id 3, wireType 2 =*/26).string(message.help);
            if (message.unit != null && $Object.hasOwnProperty.call(message, "unit") && message.unit !== "")
                writer.uint32(/* id 4, wireType 2 =*/34).string(message.unit);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a MetricMetadata message from the specified reader or buffer.
         * @function decode
         * @memberof narthex.MetricMetadata
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {narthex.MetricMetadata & narthex.MetricMetadata.$Shape} MetricMetadata
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        MetricMetadata.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.narthex.MetricMetadata();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.metric = value;
                        else
                            delete message.metric;
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.type = value;
                        else
                            delete message.type;
                        continue;
                    }
                case 3: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.help = value;
                        else
                            delete message.help;
                        continue;
                    }
                case 4: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.unit = value;
                        else
                            delete message.unit;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return MetricMetadata;
    })();

    narthex.MetadataResponse = (function() {

        /**
         * Properties of a MetadataResponse.
         * @typedef {Object} narthex.MetadataResponse.$Properties
         * @property {Array.<narthex.MetricMetadata.$Properties>|null} [metadata] MetadataResponse metadata
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a MetadataResponse.
         * @memberof narthex
         * @interface IMetadataResponse
         * @augments narthex.MetadataResponse.$Properties
         * @deprecated Use narthex.MetadataResponse.$Properties instead.
         */

        /**
         * Shape of a MetadataResponse.
         * @typedef {narthex.MetadataResponse.$Properties} narthex.MetadataResponse.$Shape
         */

        /**
         * Constructs a new MetadataResponse.
         * @memberof narthex
         * @classdesc Represents a MetadataResponse.
         * @constructor
         * @param {narthex.MetadataResponse.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const MetadataResponse = function (properties) {
            this.metadata = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * MetadataResponse metadata.
         * @member {Array.<narthex.MetricMetadata.$Properties>} metadata
         * @memberof narthex.MetadataResponse
         * @instance
         */
        MetadataResponse.prototype.metadata = $util.emptyArray;

        /**
         * Creates a new MetadataResponse instance using the specified properties.
         * @function create
         * @memberof narthex.MetadataResponse
         * @static
         * @param {narthex.MetadataResponse.$Properties=} [properties] Properties to set
         * @returns {narthex.MetadataResponse} MetadataResponse instance
         * @type {{
         *   (properties: narthex.MetadataResponse.$Shape): narthex.MetadataResponse & narthex.MetadataResponse.$Shape;
         *   (properties?: narthex.MetadataResponse.$Properties): narthex.MetadataResponse;
         * }}
         */
        MetadataResponse.create = function(properties) {
            return new MetadataResponse(properties);
        };

        /**
         * Encodes the specified MetadataResponse message. Does not implicitly {@link narthex.MetadataResponse.verify|verify} messages.
         * @function encode
         * @memberof narthex.MetadataResponse
         * @static
         * @param {narthex.MetadataResponse.$Properties} message MetadataResponse message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        MetadataResponse.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.metadata != null && message.metadata.length)
                for (let i = 0; i < message.metadata.length; ++i)
                    $root.narthex.MetricMetadata.encode(message.metadata[i], writer.uint32(/* id 1, wireType 2 =*/10).fork(), _depth + 1).ldelim();
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a MetadataResponse message from the specified reader or buffer.
         * @function decode
         * @memberof narthex.MetadataResponse
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {narthex.MetadataResponse & narthex.MetadataResponse.$Shape} MetadataResponse
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        MetadataResponse.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.narthex.MetadataResponse();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if (!(message.metadata && message.metadata.length))
                            message.metadata = [];
                        message.metadata.push($root.narthex.MetricMetadata.decode(reader, reader.size(), $undefined, _depth + 1));
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return MetadataResponse;
    })();

    narthex.MatcherSet = (function() {

        /**
         * Properties of a MatcherSet.
         * @typedef {Object} narthex.MatcherSet.$Properties
         * @property {Array.<narthex.Matcher.$Properties>|null} [matchers] MatcherSet matchers
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a MatcherSet.
         * @memberof narthex
         * @interface IMatcherSet
         * @augments narthex.MatcherSet.$Properties
         * @deprecated Use narthex.MatcherSet.$Properties instead.
         */

        /**
         * Shape of a MatcherSet.
         * @typedef {narthex.MatcherSet.$Properties} narthex.MatcherSet.$Shape
         */

        /**
         * Constructs a new MatcherSet.
         * @memberof narthex
         * @classdesc Represents a MatcherSet.
         * @constructor
         * @param {narthex.MatcherSet.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const MatcherSet = function (properties) {
            this.matchers = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * MatcherSet matchers.
         * @member {Array.<narthex.Matcher.$Properties>} matchers
         * @memberof narthex.MatcherSet
         * @instance
         */
        MatcherSet.prototype.matchers = $util.emptyArray;

        /**
         * Creates a new MatcherSet instance using the specified properties.
         * @function create
         * @memberof narthex.MatcherSet
         * @static
         * @param {narthex.MatcherSet.$Properties=} [properties] Properties to set
         * @returns {narthex.MatcherSet} MatcherSet instance
         * @type {{
         *   (properties: narthex.MatcherSet.$Shape): narthex.MatcherSet & narthex.MatcherSet.$Shape;
         *   (properties?: narthex.MatcherSet.$Properties): narthex.MatcherSet;
         * }}
         */
        MatcherSet.create = function(properties) {
            return new MatcherSet(properties);
        };

        /**
         * Encodes the specified MatcherSet message. Does not implicitly {@link narthex.MatcherSet.verify|verify} messages.
         * @function encode
         * @memberof narthex.MatcherSet
         * @static
         * @param {narthex.MatcherSet.$Properties} message MatcherSet message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        MatcherSet.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.matchers != null && message.matchers.length)
                for (let i = 0; i < message.matchers.length; ++i)
                    $root.narthex.Matcher.encode(message.matchers[i], writer.uint32(/* id 1, wireType 2 =*/10).fork(), _depth + 1).ldelim();
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a MatcherSet message from the specified reader or buffer.
         * @function decode
         * @memberof narthex.MatcherSet
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {narthex.MatcherSet & narthex.MatcherSet.$Shape} MatcherSet
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        MatcherSet.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.narthex.MatcherSet();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if (!(message.matchers && message.matchers.length))
                            message.matchers = [];
                        message.matchers.push($root.narthex.Matcher.decode(reader, reader.size(), $undefined, _depth + 1));
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return MatcherSet;
    })();

    narthex.ExemplarsRequest = (function() {

        /**
         * Properties of an ExemplarsRequest.
         * @typedef {Object} narthex.ExemplarsRequest.$Properties
         * @property {number|null} [mint] ExemplarsRequest mint
         * @property {number|null} [maxt] ExemplarsRequest maxt
         * @property {Array.<narthex.MatcherSet.$Properties>|null} [sets] ExemplarsRequest sets
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of an ExemplarsRequest.
         * @memberof narthex
         * @interface IExemplarsRequest
         * @augments narthex.ExemplarsRequest.$Properties
         * @deprecated Use narthex.ExemplarsRequest.$Properties instead.
         */

        /**
         * Shape of an ExemplarsRequest.
         * @typedef {narthex.ExemplarsRequest.$Properties} narthex.ExemplarsRequest.$Shape
         */

        /**
         * Constructs a new ExemplarsRequest.
         * @memberof narthex
         * @classdesc Represents an ExemplarsRequest.
         * @constructor
         * @param {narthex.ExemplarsRequest.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const ExemplarsRequest = function (properties) {
            this.sets = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * ExemplarsRequest mint.
         * @member {number} mint
         * @memberof narthex.ExemplarsRequest
         * @instance
         */
        ExemplarsRequest.prototype.mint = 0;

        /**
         * ExemplarsRequest maxt.
         * @member {number} maxt
         * @memberof narthex.ExemplarsRequest
         * @instance
         */
        ExemplarsRequest.prototype.maxt = 0;

        /**
         * ExemplarsRequest sets.
         * @member {Array.<narthex.MatcherSet.$Properties>} sets
         * @memberof narthex.ExemplarsRequest
         * @instance
         */
        ExemplarsRequest.prototype.sets = $util.emptyArray;

        /**
         * Creates a new ExemplarsRequest instance using the specified properties.
         * @function create
         * @memberof narthex.ExemplarsRequest
         * @static
         * @param {narthex.ExemplarsRequest.$Properties=} [properties] Properties to set
         * @returns {narthex.ExemplarsRequest} ExemplarsRequest instance
         * @type {{
         *   (properties: narthex.ExemplarsRequest.$Shape): narthex.ExemplarsRequest & narthex.ExemplarsRequest.$Shape;
         *   (properties?: narthex.ExemplarsRequest.$Properties): narthex.ExemplarsRequest;
         * }}
         */
        ExemplarsRequest.create = function(properties) {
            return new ExemplarsRequest(properties);
        };

        /**
         * Encodes the specified ExemplarsRequest message. Does not implicitly {@link narthex.ExemplarsRequest.verify|verify} messages.
         * @function encode
         * @memberof narthex.ExemplarsRequest
         * @static
         * @param {narthex.ExemplarsRequest.$Properties} message ExemplarsRequest message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        ExemplarsRequest.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.mint != null && $Object.hasOwnProperty.call(message, "mint") && !$Object.is(message.mint, 0))
                writer.uint32(/* id 1, wireType 1 =*/9).double(message.mint);
            if (message.maxt != null && $Object.hasOwnProperty.call(message, "maxt") && !$Object.is(message.maxt, 0))
                writer.uint32(/* id 2, wireType 1 =*/17).double(message.maxt);
            if (message.sets != null && message.sets.length)
                for (let i = 0; i < message.sets.length; ++i)
                    $root.narthex.MatcherSet.encode(message.sets[i], writer.uint32(/* id 3, wireType 2 =*/26).fork(), _depth + 1).ldelim();
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes an ExemplarsRequest message from the specified reader or buffer.
         * @function decode
         * @memberof narthex.ExemplarsRequest
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {narthex.ExemplarsRequest & narthex.ExemplarsRequest.$Shape} ExemplarsRequest
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        ExemplarsRequest.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.narthex.ExemplarsRequest();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 1)
                            break;
                        if (!$Object.is(value = reader.double(), 0))
                            message.mint = value;
                        else
                            delete message.mint;
                        continue;
                    }
                case 2: {
                        if (wireType !== 1)
                            break;
                        if (!$Object.is(value = reader.double(), 0))
                            message.maxt = value;
                        else
                            delete message.maxt;
                        continue;
                    }
                case 3: {
                        if (wireType !== 2)
                            break;
                        if (!(message.sets && message.sets.length))
                            message.sets = [];
                        message.sets.push($root.narthex.MatcherSet.decode(reader, reader.size(), $undefined, _depth + 1));
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return ExemplarsRequest;
    })();

    narthex.Exemplar = (function() {

        /**
         * Properties of an Exemplar.
         * @typedef {Object} narthex.Exemplar.$Properties
         * @property {Array.<string>|null} [labels] Exemplar labels
         * @property {number|null} [value] Exemplar value
         * @property {number|null} [timestamp] Exemplar timestamp
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of an Exemplar.
         * @memberof narthex
         * @interface IExemplar
         * @augments narthex.Exemplar.$Properties
         * @deprecated Use narthex.Exemplar.$Properties instead.
         */

        /**
         * Shape of an Exemplar.
         * @typedef {narthex.Exemplar.$Properties} narthex.Exemplar.$Shape
         */

        /**
         * Constructs a new Exemplar.
         * @memberof narthex
         * @classdesc Represents an Exemplar.
         * @constructor
         * @param {narthex.Exemplar.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const Exemplar = function (properties) {
            this.labels = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * Exemplar labels.
         * @member {Array.<string>} labels
         * @memberof narthex.Exemplar
         * @instance
         */
        Exemplar.prototype.labels = $util.emptyArray;

        /**
         * Exemplar value.
         * @member {number} value
         * @memberof narthex.Exemplar
         * @instance
         */
        Exemplar.prototype.value = 0;

        /**
         * Exemplar timestamp.
         * @member {number} timestamp
         * @memberof narthex.Exemplar
         * @instance
         */
        Exemplar.prototype.timestamp = 0;

        /**
         * Creates a new Exemplar instance using the specified properties.
         * @function create
         * @memberof narthex.Exemplar
         * @static
         * @param {narthex.Exemplar.$Properties=} [properties] Properties to set
         * @returns {narthex.Exemplar} Exemplar instance
         * @type {{
         *   (properties: narthex.Exemplar.$Shape): narthex.Exemplar & narthex.Exemplar.$Shape;
         *   (properties?: narthex.Exemplar.$Properties): narthex.Exemplar;
         * }}
         */
        Exemplar.create = function(properties) {
            return new Exemplar(properties);
        };

        /**
         * Encodes the specified Exemplar message. Does not implicitly {@link narthex.Exemplar.verify|verify} messages.
         * @function encode
         * @memberof narthex.Exemplar
         * @static
         * @param {narthex.Exemplar.$Properties} message Exemplar message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        Exemplar.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.labels != null && message.labels.length)
                for (let i = 0; i < message.labels.length; ++i)
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.labels[i]);
            if (message.value != null && $Object.hasOwnProperty.call(message, "value") && !$Object.is(message.value, 0))
                writer.uint32(/* id 2, wireType 1 =*/17).double(message.value);
            if (message.timestamp != null && $Object.hasOwnProperty.call(message, "timestamp") && !$Object.is(message.timestamp, 0))
                writer.uint32(/* id 3, wireType 1 =*/25).double(message.timestamp);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes an Exemplar message from the specified reader or buffer.
         * @function decode
         * @memberof narthex.Exemplar
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {narthex.Exemplar & narthex.Exemplar.$Shape} Exemplar
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        Exemplar.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.narthex.Exemplar();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if (!(message.labels && message.labels.length))
                            message.labels = [];
                        message.labels.push(reader.stringVerify());
                        continue;
                    }
                case 2: {
                        if (wireType !== 1)
                            break;
                        if (!$Object.is(value = reader.double(), 0))
                            message.value = value;
                        else
                            delete message.value;
                        continue;
                    }
                case 3: {
                        if (wireType !== 1)
                            break;
                        if (!$Object.is(value = reader.double(), 0))
                            message.timestamp = value;
                        else
                            delete message.timestamp;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Exemplar;
    })();

    narthex.SeriesExemplars = (function() {

        /**
         * Properties of a SeriesExemplars.
         * @typedef {Object} narthex.SeriesExemplars.$Properties
         * @property {Array.<string>|null} [labels] SeriesExemplars labels
         * @property {Array.<narthex.Exemplar.$Properties>|null} [exemplars] SeriesExemplars exemplars
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a SeriesExemplars.
         * @memberof narthex
         * @interface ISeriesExemplars
         * @augments narthex.SeriesExemplars.$Properties
         * @deprecated Use narthex.SeriesExemplars.$Properties instead.
         */

        /**
         * Shape of a SeriesExemplars.
         * @typedef {narthex.SeriesExemplars.$Properties} narthex.SeriesExemplars.$Shape
         */

        /**
         * Constructs a new SeriesExemplars.
         * @memberof narthex
         * @classdesc Represents a SeriesExemplars.
         * @constructor
         * @param {narthex.SeriesExemplars.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const SeriesExemplars = function (properties) {
            this.labels = [];
            this.exemplars = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * SeriesExemplars labels.
         * @member {Array.<string>} labels
         * @memberof narthex.SeriesExemplars
         * @instance
         */
        SeriesExemplars.prototype.labels = $util.emptyArray;

        /**
         * SeriesExemplars exemplars.
         * @member {Array.<narthex.Exemplar.$Properties>} exemplars
         * @memberof narthex.SeriesExemplars
         * @instance
         */
        SeriesExemplars.prototype.exemplars = $util.emptyArray;

        /**
         * Creates a new SeriesExemplars instance using the specified properties.
         * @function create
         * @memberof narthex.SeriesExemplars
         * @static
         * @param {narthex.SeriesExemplars.$Properties=} [properties] Properties to set
         * @returns {narthex.SeriesExemplars} SeriesExemplars instance
         * @type {{
         *   (properties: narthex.SeriesExemplars.$Shape): narthex.SeriesExemplars & narthex.SeriesExemplars.$Shape;
         *   (properties?: narthex.SeriesExemplars.$Properties): narthex.SeriesExemplars;
         * }}
         */
        SeriesExemplars.create = function(properties) {
            return new SeriesExemplars(properties);
        };

        /**
         * Encodes the specified SeriesExemplars message. Does not implicitly {@link narthex.SeriesExemplars.verify|verify} messages.
         * @function encode
         * @memberof narthex.SeriesExemplars
         * @static
         * @param {narthex.SeriesExemplars.$Properties} message SeriesExemplars message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        SeriesExemplars.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.labels != null && message.labels.length)
                for (let i = 0; i < message.labels.length; ++i)
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.labels[i]);
            if (message.exemplars != null && message.exemplars.length)
                for (let i = 0; i < message.exemplars.length; ++i)
                    $root.narthex.Exemplar.encode(message.exemplars[i], writer.uint32(/* id 2, wireType 2 =*/18).fork(), _depth + 1).ldelim();
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a SeriesExemplars message from the specified reader or buffer.
         * @function decode
         * @memberof narthex.SeriesExemplars
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {narthex.SeriesExemplars & narthex.SeriesExemplars.$Shape} SeriesExemplars
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        SeriesExemplars.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.narthex.SeriesExemplars();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if (!(message.labels && message.labels.length))
                            message.labels = [];
                        message.labels.push(reader.stringVerify());
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if (!(message.exemplars && message.exemplars.length))
                            message.exemplars = [];
                        message.exemplars.push($root.narthex.Exemplar.decode(reader, reader.size(), $undefined, _depth + 1));
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return SeriesExemplars;
    })();

    narthex.ExemplarsResponse = (function() {

        /**
         * Properties of an ExemplarsResponse.
         * @typedef {Object} narthex.ExemplarsResponse.$Properties
         * @property {Array.<narthex.SeriesExemplars.$Properties>|null} [series] ExemplarsResponse series
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of an ExemplarsResponse.
         * @memberof narthex
         * @interface IExemplarsResponse
         * @augments narthex.ExemplarsResponse.$Properties
         * @deprecated Use narthex.ExemplarsResponse.$Properties instead.
         */

        /**
         * Shape of an ExemplarsResponse.
         * @typedef {narthex.ExemplarsResponse.$Properties} narthex.ExemplarsResponse.$Shape
         */

        /**
         * Constructs a new ExemplarsResponse.
         * @memberof narthex
         * @classdesc Represents an ExemplarsResponse.
         * @constructor
         * @param {narthex.ExemplarsResponse.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const ExemplarsResponse = function (properties) {
            this.series = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * ExemplarsResponse series.
         * @member {Array.<narthex.SeriesExemplars.$Properties>} series
         * @memberof narthex.ExemplarsResponse
         * @instance
         */
        ExemplarsResponse.prototype.series = $util.emptyArray;

        /**
         * Creates a new ExemplarsResponse instance using the specified properties.
         * @function create
         * @memberof narthex.ExemplarsResponse
         * @static
         * @param {narthex.ExemplarsResponse.$Properties=} [properties] Properties to set
         * @returns {narthex.ExemplarsResponse} ExemplarsResponse instance
         * @type {{
         *   (properties: narthex.ExemplarsResponse.$Shape): narthex.ExemplarsResponse & narthex.ExemplarsResponse.$Shape;
         *   (properties?: narthex.ExemplarsResponse.$Properties): narthex.ExemplarsResponse;
         * }}
         */
        ExemplarsResponse.create = function(properties) {
            return new ExemplarsResponse(properties);
        };

        /**
         * Encodes the specified ExemplarsResponse message. Does not implicitly {@link narthex.ExemplarsResponse.verify|verify} messages.
         * @function encode
         * @memberof narthex.ExemplarsResponse
         * @static
         * @param {narthex.ExemplarsResponse.$Properties} message ExemplarsResponse message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        ExemplarsResponse.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.series != null && message.series.length)
                for (let i = 0; i < message.series.length; ++i)
                    $root.narthex.SeriesExemplars.encode(message.series[i], writer.uint32(/* id 1, wireType 2 =*/10).fork(), _depth + 1).ldelim();
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes an ExemplarsResponse message from the specified reader or buffer.
         * @function decode
         * @memberof narthex.ExemplarsResponse
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {narthex.ExemplarsResponse & narthex.ExemplarsResponse.$Shape} ExemplarsResponse
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        ExemplarsResponse.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.narthex.ExemplarsResponse();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if (!(message.series && message.series.length))
                            message.series = [];
                        message.series.push($root.narthex.SeriesExemplars.decode(reader, reader.size(), $undefined, _depth + 1));
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return ExemplarsResponse;
    })();

    narthex.TenantStatsRequest = (function() {

        /**
         * Properties of a TenantStatsRequest.
         * @typedef {Object} narthex.TenantStatsRequest.$Properties
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a TenantStatsRequest.
         * @memberof narthex
         * @interface ITenantStatsRequest
         * @augments narthex.TenantStatsRequest.$Properties
         * @deprecated Use narthex.TenantStatsRequest.$Properties instead.
         */

        /**
         * Shape of a TenantStatsRequest.
         * @typedef {narthex.TenantStatsRequest.$Properties} narthex.TenantStatsRequest.$Shape
         */

        /**
         * Constructs a new TenantStatsRequest.
         * @memberof narthex
         * @classdesc Represents a TenantStatsRequest.
         * @constructor
         * @param {narthex.TenantStatsRequest.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const TenantStatsRequest = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * Creates a new TenantStatsRequest instance using the specified properties.
         * @function create
         * @memberof narthex.TenantStatsRequest
         * @static
         * @param {narthex.TenantStatsRequest.$Properties=} [properties] Properties to set
         * @returns {narthex.TenantStatsRequest} TenantStatsRequest instance
         * @type {{
         *   (properties: narthex.TenantStatsRequest.$Shape): narthex.TenantStatsRequest & narthex.TenantStatsRequest.$Shape;
         *   (properties?: narthex.TenantStatsRequest.$Properties): narthex.TenantStatsRequest;
         * }}
         */
        TenantStatsRequest.create = function(properties) {
            return new TenantStatsRequest(properties);
        };

        /**
         * Encodes the specified TenantStatsRequest message. Does not implicitly {@link narthex.TenantStatsRequest.verify|verify} messages.
         * @function encode
         * @memberof narthex.TenantStatsRequest
         * @static
         * @param {narthex.TenantStatsRequest.$Properties} message TenantStatsRequest message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        TenantStatsRequest.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a TenantStatsRequest message from the specified reader or buffer.
         * @function decode
         * @memberof narthex.TenantStatsRequest
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {narthex.TenantStatsRequest & narthex.TenantStatsRequest.$Shape} TenantStatsRequest
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        TenantStatsRequest.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.narthex.TenantStatsRequest();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                reader.skipType(tag & 7, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return TenantStatsRequest;
    })();

    narthex.TenantStat = (function() {

        /**
         * Properties of a TenantStat.
         * @typedef {Object} narthex.TenantStat.$Properties
         * @property {string|null} [tenant] TenantStat tenant
         * @property {number|null} [series] TenantStat series
         * @property {number|null} [samplesPerSecond] TenantStat samplesPerSecond
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a TenantStat.
         * @memberof narthex
         * @interface ITenantStat
         * @augments narthex.TenantStat.$Properties
         * @deprecated Use narthex.TenantStat.$Properties instead.
         */

        /**
         * Shape of a TenantStat.
         * @typedef {narthex.TenantStat.$Properties} narthex.TenantStat.$Shape
         */

        /**
         * Constructs a new TenantStat.
         * @memberof narthex
         * @classdesc Represents a TenantStat.
         * @constructor
         * @param {narthex.TenantStat.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const TenantStat = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * TenantStat tenant.
         * @member {string} tenant
         * @memberof narthex.TenantStat
         * @instance
         */
        TenantStat.prototype.tenant = "";

        /**
         * TenantStat series.
         * @member {number} series
         * @memberof narthex.TenantStat
         * @instance
         */
        TenantStat.prototype.series = 0;

        /**
         * TenantStat samplesPerSecond.
         * @member {number} samplesPerSecond
         * @memberof narthex.TenantStat
         * @instance
         */
        TenantStat.prototype.samplesPerSecond = 0;

        /**
         * Creates a new TenantStat instance using the specified properties.
         * @function create
         * @memberof narthex.TenantStat
         * @static
         * @param {narthex.TenantStat.$Properties=} [properties] Properties to set
         * @returns {narthex.TenantStat} TenantStat instance
         * @type {{
         *   (properties: narthex.TenantStat.$Shape): narthex.TenantStat & narthex.TenantStat.$Shape;
         *   (properties?: narthex.TenantStat.$Properties): narthex.TenantStat;
         * }}
         */
        TenantStat.create = function(properties) {
            return new TenantStat(properties);
        };

        /**
         * Encodes the specified TenantStat message. Does not implicitly {@link narthex.TenantStat.verify|verify} messages.
         * @function encode
         * @memberof narthex.TenantStat
         * @static
         * @param {narthex.TenantStat.$Properties} message TenantStat message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        TenantStat.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.tenant != null && $Object.hasOwnProperty.call(message, "tenant") && message.tenant !== "")
                writer.uint32(/* id 1, wireType 2 =*/10).string(message.tenant);
            if (message.series != null && $Object.hasOwnProperty.call(message, "series") && !$Object.is(message.series, 0))
                writer.uint32(/* id 2, wireType 1 =*/17).double(message.series);
            if (message.samplesPerSecond != null && $Object.hasOwnProperty.call(message, "samplesPerSecond") && !$Object.is(message.samplesPerSecond, 0))
                writer.uint32(/* id 3, wireType 1 =*/25).double(message.samplesPerSecond);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a TenantStat message from the specified reader or buffer.
         * @function decode
         * @memberof narthex.TenantStat
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {narthex.TenantStat & narthex.TenantStat.$Shape} TenantStat
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        TenantStat.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.narthex.TenantStat();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.tenant = value;
                        else
                            delete message.tenant;
                        continue;
                    }
                case 2: {
                        if (wireType !== 1)
                            break;
                        if (!$Object.is(value = reader.double(), 0))
                            message.series = value;
                        else
                            delete message.series;
                        continue;
                    }
                case 3: {
                        if (wireType !== 1)
                            break;
                        if (!$Object.is(value = reader.double(), 0))
                            message.samplesPerSecond = value;
                        else
                            delete message.samplesPerSecond;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return TenantStat;
    })();

    narthex.TenantStatsResponse = (function() {

        /**
         * Properties of a TenantStatsResponse.
         * @typedef {Object} narthex.TenantStatsResponse.$Properties
         * @property {Array.<narthex.TenantStat.$Properties>|null} [tenants] TenantStatsResponse tenants
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a TenantStatsResponse.
         * @memberof narthex
         * @interface ITenantStatsResponse
         * @augments narthex.TenantStatsResponse.$Properties
         * @deprecated Use narthex.TenantStatsResponse.$Properties instead.
         */

        /**
         * Shape of a TenantStatsResponse.
         * @typedef {narthex.TenantStatsResponse.$Properties} narthex.TenantStatsResponse.$Shape
         */

        /**
         * Constructs a new TenantStatsResponse.
         * @memberof narthex
         * @classdesc Represents a TenantStatsResponse.
         * @constructor
         * @param {narthex.TenantStatsResponse.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const TenantStatsResponse = function (properties) {
            this.tenants = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * TenantStatsResponse tenants.
         * @member {Array.<narthex.TenantStat.$Properties>} tenants
         * @memberof narthex.TenantStatsResponse
         * @instance
         */
        TenantStatsResponse.prototype.tenants = $util.emptyArray;

        /**
         * Creates a new TenantStatsResponse instance using the specified properties.
         * @function create
         * @memberof narthex.TenantStatsResponse
         * @static
         * @param {narthex.TenantStatsResponse.$Properties=} [properties] Properties to set
         * @returns {narthex.TenantStatsResponse} TenantStatsResponse instance
         * @type {{
         *   (properties: narthex.TenantStatsResponse.$Shape): narthex.TenantStatsResponse & narthex.TenantStatsResponse.$Shape;
         *   (properties?: narthex.TenantStatsResponse.$Properties): narthex.TenantStatsResponse;
         * }}
         */
        TenantStatsResponse.create = function(properties) {
            return new TenantStatsResponse(properties);
        };

        /**
         * Encodes the specified TenantStatsResponse message. Does not implicitly {@link narthex.TenantStatsResponse.verify|verify} messages.
         * @function encode
         * @memberof narthex.TenantStatsResponse
         * @static
         * @param {narthex.TenantStatsResponse.$Properties} message TenantStatsResponse message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        TenantStatsResponse.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.tenants != null && message.tenants.length)
                for (let i = 0; i < message.tenants.length; ++i)
                    $root.narthex.TenantStat.encode(message.tenants[i], writer.uint32(/* id 1, wireType 2 =*/10).fork(), _depth + 1).ldelim();
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a TenantStatsResponse message from the specified reader or buffer.
         * @function decode
         * @memberof narthex.TenantStatsResponse
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {narthex.TenantStatsResponse & narthex.TenantStatsResponse.$Shape} TenantStatsResponse
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        TenantStatsResponse.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.narthex.TenantStatsResponse();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if (!(message.tenants && message.tenants.length))
                            message.tenants = [];
                        message.tenants.push($root.narthex.TenantStat.decode(reader, reader.size(), $undefined, _depth + 1));
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return TenantStatsResponse;
    })();

    narthex.DeleteSeriesRequest = (function() {

        /**
         * Properties of a DeleteSeriesRequest.
         * @typedef {Object} narthex.DeleteSeriesRequest.$Properties
         * @property {Array.<narthex.Matcher.$Properties>|null} [matchers] DeleteSeriesRequest matchers
         * @property {number|null} [mint] DeleteSeriesRequest mint
         * @property {number|null} [maxt] DeleteSeriesRequest maxt
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a DeleteSeriesRequest.
         * @memberof narthex
         * @interface IDeleteSeriesRequest
         * @augments narthex.DeleteSeriesRequest.$Properties
         * @deprecated Use narthex.DeleteSeriesRequest.$Properties instead.
         */

        /**
         * Shape of a DeleteSeriesRequest.
         * @typedef {narthex.DeleteSeriesRequest.$Properties} narthex.DeleteSeriesRequest.$Shape
         */

        /**
         * Constructs a new DeleteSeriesRequest.
         * @memberof narthex
         * @classdesc Represents a DeleteSeriesRequest.
         * @constructor
         * @param {narthex.DeleteSeriesRequest.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const DeleteSeriesRequest = function (properties) {
            this.matchers = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * DeleteSeriesRequest matchers.
         * @member {Array.<narthex.Matcher.$Properties>} matchers
         * @memberof narthex.DeleteSeriesRequest
         * @instance
         */
        DeleteSeriesRequest.prototype.matchers = $util.emptyArray;

        /**
         * DeleteSeriesRequest mint.
         * @member {number} mint
         * @memberof narthex.DeleteSeriesRequest
         * @instance
         */
        DeleteSeriesRequest.prototype.mint = 0;

        /**
         * DeleteSeriesRequest maxt.
         * @member {number} maxt
         * @memberof narthex.DeleteSeriesRequest
         * @instance
         */
        DeleteSeriesRequest.prototype.maxt = 0;

        /**
         * Creates a new DeleteSeriesRequest instance using the specified properties.
         * @function create
         * @memberof narthex.DeleteSeriesRequest
         * @static
         * @param {narthex.DeleteSeriesRequest.$Properties=} [properties] Properties to set
         * @returns {narthex.DeleteSeriesRequest} DeleteSeriesRequest instance
         * @type {{
         *   (properties: narthex.DeleteSeriesRequest.$Shape): narthex.DeleteSeriesRequest & narthex.DeleteSeriesRequest.$Shape;
         *   (properties?: narthex.DeleteSeriesRequest.$Properties): narthex.DeleteSeriesRequest;
         * }}
         */
        DeleteSeriesRequest.create = function(properties) {
            return new DeleteSeriesRequest(properties);
        };

        /**
         * Encodes the specified DeleteSeriesRequest message. Does not implicitly {@link narthex.DeleteSeriesRequest.verify|verify} messages.
         * @function encode
         * @memberof narthex.DeleteSeriesRequest
         * @static
         * @param {narthex.DeleteSeriesRequest.$Properties} message DeleteSeriesRequest message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        DeleteSeriesRequest.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.matchers != null && message.matchers.length)
                for (let i = 0; i < message.matchers.length; ++i)
                    $root.narthex.Matcher.encode(message.matchers[i], writer.uint32(/* id 1, wireType 2 =*/10).fork(), _depth + 1).ldelim();
            if (message.mint != null && $Object.hasOwnProperty.call(message, "mint") && !$Object.is(message.mint, 0))
                writer.uint32(/* id 2, wireType 1 =*/17).double(message.mint);
            if (message.maxt != null && $Object.hasOwnProperty.call(message, "maxt") && !$Object.is(message.maxt, 0))
                writer.uint32(/* id 3, wireType 1 =*/25).double(message.maxt);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a DeleteSeriesRequest message from the specified reader or buffer.
         * @function decode
         * @memberof narthex.DeleteSeriesRequest
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {narthex.DeleteSeriesRequest & narthex.DeleteSeriesRequest.$Shape} DeleteSeriesRequest
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        DeleteSeriesRequest.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.narthex.DeleteSeriesRequest();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if (!(message.matchers && message.matchers.length))
                            message.matchers = [];
                        message.matchers.push($root.narthex.Matcher.decode(reader, reader.size(), $undefined, _depth + 1));
                        continue;
                    }
                case 2: {
                        if (wireType !== 1)
                            break;
                        if (!$Object.is(value = reader.double(), 0))
                            message.mint = value;
                        else
                            delete message.mint;
                        continue;
                    }
                case 3: {
                        if (wireType !== 1)
                            break;
                        if (!$Object.is(value = reader.double(), 0))
                            message.maxt = value;
                        else
                            delete message.maxt;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return DeleteSeriesRequest;
    })();

    narthex.DeleteSeriesResponse = (function() {

        /**
         * Properties of a DeleteSeriesResponse.
         * @typedef {Object} narthex.DeleteSeriesResponse.$Properties
         * @property {number|null} [series] DeleteSeriesResponse series
         * @property {number|null} [nowMs] DeleteSeriesResponse nowMs
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a DeleteSeriesResponse.
         * @memberof narthex
         * @interface IDeleteSeriesResponse
         * @augments narthex.DeleteSeriesResponse.$Properties
         * @deprecated Use narthex.DeleteSeriesResponse.$Properties instead.
         */

        /**
         * Shape of a DeleteSeriesResponse.
         * @typedef {narthex.DeleteSeriesResponse.$Properties} narthex.DeleteSeriesResponse.$Shape
         */

        /**
         * Constructs a new DeleteSeriesResponse.
         * @memberof narthex
         * @classdesc Represents a DeleteSeriesResponse.
         * @constructor
         * @param {narthex.DeleteSeriesResponse.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const DeleteSeriesResponse = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * DeleteSeriesResponse series.
         * @member {number} series
         * @memberof narthex.DeleteSeriesResponse
         * @instance
         */
        DeleteSeriesResponse.prototype.series = 0;

        /**
         * DeleteSeriesResponse nowMs.
         * @member {number} nowMs
         * @memberof narthex.DeleteSeriesResponse
         * @instance
         */
        DeleteSeriesResponse.prototype.nowMs = 0;

        /**
         * Creates a new DeleteSeriesResponse instance using the specified properties.
         * @function create
         * @memberof narthex.DeleteSeriesResponse
         * @static
         * @param {narthex.DeleteSeriesResponse.$Properties=} [properties] Properties to set
         * @returns {narthex.DeleteSeriesResponse} DeleteSeriesResponse instance
         * @type {{
         *   (properties: narthex.DeleteSeriesResponse.$Shape): narthex.DeleteSeriesResponse & narthex.DeleteSeriesResponse.$Shape;
         *   (properties?: narthex.DeleteSeriesResponse.$Properties): narthex.DeleteSeriesResponse;
         * }}
         */
        DeleteSeriesResponse.create = function(properties) {
            return new DeleteSeriesResponse(properties);
        };

        /**
         * Encodes the specified DeleteSeriesResponse message. Does not implicitly {@link narthex.DeleteSeriesResponse.verify|verify} messages.
         * @function encode
         * @memberof narthex.DeleteSeriesResponse
         * @static
         * @param {narthex.DeleteSeriesResponse.$Properties} message DeleteSeriesResponse message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        DeleteSeriesResponse.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.series != null && $Object.hasOwnProperty.call(message, "series") && !$Object.is(message.series, 0))
                writer.uint32(/* id 1, wireType 1 =*/9).double(message.series);
            if (message.nowMs != null && $Object.hasOwnProperty.call(message, "nowMs") && !$Object.is(message.nowMs, 0))
                writer.uint32(/* id 2, wireType 1 =*/17).double(message.nowMs);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a DeleteSeriesResponse message from the specified reader or buffer.
         * @function decode
         * @memberof narthex.DeleteSeriesResponse
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {narthex.DeleteSeriesResponse & narthex.DeleteSeriesResponse.$Shape} DeleteSeriesResponse
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        DeleteSeriesResponse.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.narthex.DeleteSeriesResponse();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 1)
                            break;
                        if (!$Object.is(value = reader.double(), 0))
                            message.series = value;
                        else
                            delete message.series;
                        continue;
                    }
                case 2: {
                        if (wireType !== 1)
                            break;
                        if (!$Object.is(value = reader.double(), 0))
                            message.nowMs = value;
                        else
                            delete message.nowMs;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return DeleteSeriesResponse;
    })();

    narthex.FlushRequest = (function() {

        /**
         * Properties of a FlushRequest.
         * @typedef {Object} narthex.FlushRequest.$Properties
         * @property {string|null} [tenant] FlushRequest tenant
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a FlushRequest.
         * @memberof narthex
         * @interface IFlushRequest
         * @augments narthex.FlushRequest.$Properties
         * @deprecated Use narthex.FlushRequest.$Properties instead.
         */

        /**
         * Shape of a FlushRequest.
         * @typedef {narthex.FlushRequest.$Properties} narthex.FlushRequest.$Shape
         */

        /**
         * Constructs a new FlushRequest.
         * @memberof narthex
         * @classdesc Represents a FlushRequest.
         * @constructor
         * @param {narthex.FlushRequest.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const FlushRequest = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * FlushRequest tenant.
         * @member {string|null|undefined} tenant
         * @memberof narthex.FlushRequest
         * @instance
         */
        FlushRequest.prototype.tenant = null;

        // OneOf field names bound to virtual getters and setters
        let $oneOfFields;

        // Virtual OneOf for proto3 optional field
        $Object.defineProperty(FlushRequest.prototype, "_tenant", {
            get: $util.oneOfGetter($oneOfFields = ["tenant"]),
            set: $util.oneOfSetter($oneOfFields)
        });

        /**
         * Creates a new FlushRequest instance using the specified properties.
         * @function create
         * @memberof narthex.FlushRequest
         * @static
         * @param {narthex.FlushRequest.$Properties=} [properties] Properties to set
         * @returns {narthex.FlushRequest} FlushRequest instance
         * @type {{
         *   (properties: narthex.FlushRequest.$Shape): narthex.FlushRequest & narthex.FlushRequest.$Shape;
         *   (properties?: narthex.FlushRequest.$Properties): narthex.FlushRequest;
         * }}
         */
        FlushRequest.create = function(properties) {
            return new FlushRequest(properties);
        };

        /**
         * Encodes the specified FlushRequest message. Does not implicitly {@link narthex.FlushRequest.verify|verify} messages.
         * @function encode
         * @memberof narthex.FlushRequest
         * @static
         * @param {narthex.FlushRequest.$Properties} message FlushRequest message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        FlushRequest.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.tenant != null && $Object.hasOwnProperty.call(message, "tenant"))
                writer.uint32(/* id 1, wireType 2 =*/10).string(message.tenant);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a FlushRequest message from the specified reader or buffer.
         * @function decode
         * @memberof narthex.FlushRequest
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {narthex.FlushRequest & narthex.FlushRequest.$Shape} FlushRequest
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        FlushRequest.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.narthex.FlushRequest();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        message.tenant = reader.stringVerify();
                        message._tenant = "tenant";
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return FlushRequest;
    })();

    narthex.FlushResponse = (function() {

        /**
         * Properties of a FlushResponse.
         * @typedef {Object} narthex.FlushResponse.$Properties
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a FlushResponse.
         * @memberof narthex
         * @interface IFlushResponse
         * @augments narthex.FlushResponse.$Properties
         * @deprecated Use narthex.FlushResponse.$Properties instead.
         */

        /**
         * Shape of a FlushResponse.
         * @typedef {narthex.FlushResponse.$Properties} narthex.FlushResponse.$Shape
         */

        /**
         * Constructs a new FlushResponse.
         * @memberof narthex
         * @classdesc Represents a FlushResponse.
         * @constructor
         * @param {narthex.FlushResponse.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const FlushResponse = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * Creates a new FlushResponse instance using the specified properties.
         * @function create
         * @memberof narthex.FlushResponse
         * @static
         * @param {narthex.FlushResponse.$Properties=} [properties] Properties to set
         * @returns {narthex.FlushResponse} FlushResponse instance
         * @type {{
         *   (properties: narthex.FlushResponse.$Shape): narthex.FlushResponse & narthex.FlushResponse.$Shape;
         *   (properties?: narthex.FlushResponse.$Properties): narthex.FlushResponse;
         * }}
         */
        FlushResponse.create = function(properties) {
            return new FlushResponse(properties);
        };

        /**
         * Encodes the specified FlushResponse message. Does not implicitly {@link narthex.FlushResponse.verify|verify} messages.
         * @function encode
         * @memberof narthex.FlushResponse
         * @static
         * @param {narthex.FlushResponse.$Properties} message FlushResponse message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        FlushResponse.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a FlushResponse message from the specified reader or buffer.
         * @function decode
         * @memberof narthex.FlushResponse
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {narthex.FlushResponse & narthex.FlushResponse.$Shape} FlushResponse
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        FlushResponse.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.narthex.FlushResponse();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                reader.skipType(tag & 7, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return FlushResponse;
    })();

    narthex.BlocksSelectRequest = (function() {

        /**
         * Properties of a BlocksSelectRequest.
         * @typedef {Object} narthex.BlocksSelectRequest.$Properties
         * @property {Array.<string>|null} [blocks] BlocksSelectRequest blocks
         * @property {narthex.SelectParams.$Properties|null} [params] BlocksSelectRequest params
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a BlocksSelectRequest.
         * @memberof narthex
         * @interface IBlocksSelectRequest
         * @augments narthex.BlocksSelectRequest.$Properties
         * @deprecated Use narthex.BlocksSelectRequest.$Properties instead.
         */

        /**
         * Shape of a BlocksSelectRequest.
         * @typedef {narthex.BlocksSelectRequest.$Properties} narthex.BlocksSelectRequest.$Shape
         */

        /**
         * Constructs a new BlocksSelectRequest.
         * @memberof narthex
         * @classdesc Represents a BlocksSelectRequest.
         * @constructor
         * @param {narthex.BlocksSelectRequest.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const BlocksSelectRequest = function (properties) {
            this.blocks = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * BlocksSelectRequest blocks.
         * @member {Array.<string>} blocks
         * @memberof narthex.BlocksSelectRequest
         * @instance
         */
        BlocksSelectRequest.prototype.blocks = $util.emptyArray;

        /**
         * BlocksSelectRequest params.
         * @member {narthex.SelectParams.$Properties|null|undefined} params
         * @memberof narthex.BlocksSelectRequest
         * @instance
         */
        BlocksSelectRequest.prototype.params = null;

        /**
         * Creates a new BlocksSelectRequest instance using the specified properties.
         * @function create
         * @memberof narthex.BlocksSelectRequest
         * @static
         * @param {narthex.BlocksSelectRequest.$Properties=} [properties] Properties to set
         * @returns {narthex.BlocksSelectRequest} BlocksSelectRequest instance
         * @type {{
         *   (properties: narthex.BlocksSelectRequest.$Shape): narthex.BlocksSelectRequest & narthex.BlocksSelectRequest.$Shape;
         *   (properties?: narthex.BlocksSelectRequest.$Properties): narthex.BlocksSelectRequest;
         * }}
         */
        BlocksSelectRequest.create = function(properties) {
            return new BlocksSelectRequest(properties);
        };

        /**
         * Encodes the specified BlocksSelectRequest message. Does not implicitly {@link narthex.BlocksSelectRequest.verify|verify} messages.
         * @function encode
         * @memberof narthex.BlocksSelectRequest
         * @static
         * @param {narthex.BlocksSelectRequest.$Properties} message BlocksSelectRequest message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        BlocksSelectRequest.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.blocks != null && message.blocks.length)
                for (let i = 0; i < message.blocks.length; ++i)
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.blocks[i]);
            if (message.params != null && $Object.hasOwnProperty.call(message, "params"))
                $root.narthex.SelectParams.encode(message.params, writer.uint32(/* id 2, wireType 2 =*/18).fork(), _depth + 1).ldelim();
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a BlocksSelectRequest message from the specified reader or buffer.
         * @function decode
         * @memberof narthex.BlocksSelectRequest
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {narthex.BlocksSelectRequest & narthex.BlocksSelectRequest.$Shape} BlocksSelectRequest
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        BlocksSelectRequest.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.narthex.BlocksSelectRequest();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if (!(message.blocks && message.blocks.length))
                            message.blocks = [];
                        message.blocks.push(reader.stringVerify());
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        message.params = $root.narthex.SelectParams.decode(reader, reader.size(), $undefined, _depth + 1, message.params);
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return BlocksSelectRequest;
    })();

    narthex.BlocksLabelNamesRequest = (function() {

        /**
         * Properties of a BlocksLabelNamesRequest.
         * @typedef {Object} narthex.BlocksLabelNamesRequest.$Properties
         * @property {Array.<string>|null} [blocks] BlocksLabelNamesRequest blocks
         * @property {narthex.LabelParams.$Properties|null} [params] BlocksLabelNamesRequest params
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a BlocksLabelNamesRequest.
         * @memberof narthex
         * @interface IBlocksLabelNamesRequest
         * @augments narthex.BlocksLabelNamesRequest.$Properties
         * @deprecated Use narthex.BlocksLabelNamesRequest.$Properties instead.
         */

        /**
         * Shape of a BlocksLabelNamesRequest.
         * @typedef {narthex.BlocksLabelNamesRequest.$Properties} narthex.BlocksLabelNamesRequest.$Shape
         */

        /**
         * Constructs a new BlocksLabelNamesRequest.
         * @memberof narthex
         * @classdesc Represents a BlocksLabelNamesRequest.
         * @constructor
         * @param {narthex.BlocksLabelNamesRequest.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const BlocksLabelNamesRequest = function (properties) {
            this.blocks = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * BlocksLabelNamesRequest blocks.
         * @member {Array.<string>} blocks
         * @memberof narthex.BlocksLabelNamesRequest
         * @instance
         */
        BlocksLabelNamesRequest.prototype.blocks = $util.emptyArray;

        /**
         * BlocksLabelNamesRequest params.
         * @member {narthex.LabelParams.$Properties|null|undefined} params
         * @memberof narthex.BlocksLabelNamesRequest
         * @instance
         */
        BlocksLabelNamesRequest.prototype.params = null;

        /**
         * Creates a new BlocksLabelNamesRequest instance using the specified properties.
         * @function create
         * @memberof narthex.BlocksLabelNamesRequest
         * @static
         * @param {narthex.BlocksLabelNamesRequest.$Properties=} [properties] Properties to set
         * @returns {narthex.BlocksLabelNamesRequest} BlocksLabelNamesRequest instance
         * @type {{
         *   (properties: narthex.BlocksLabelNamesRequest.$Shape): narthex.BlocksLabelNamesRequest & narthex.BlocksLabelNamesRequest.$Shape;
         *   (properties?: narthex.BlocksLabelNamesRequest.$Properties): narthex.BlocksLabelNamesRequest;
         * }}
         */
        BlocksLabelNamesRequest.create = function(properties) {
            return new BlocksLabelNamesRequest(properties);
        };

        /**
         * Encodes the specified BlocksLabelNamesRequest message. Does not implicitly {@link narthex.BlocksLabelNamesRequest.verify|verify} messages.
         * @function encode
         * @memberof narthex.BlocksLabelNamesRequest
         * @static
         * @param {narthex.BlocksLabelNamesRequest.$Properties} message BlocksLabelNamesRequest message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        BlocksLabelNamesRequest.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.blocks != null && message.blocks.length)
                for (let i = 0; i < message.blocks.length; ++i)
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.blocks[i]);
            if (message.params != null && $Object.hasOwnProperty.call(message, "params"))
                $root.narthex.LabelParams.encode(message.params, writer.uint32(/* id 2, wireType 2 =*/18).fork(), _depth + 1).ldelim();
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a BlocksLabelNamesRequest message from the specified reader or buffer.
         * @function decode
         * @memberof narthex.BlocksLabelNamesRequest
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {narthex.BlocksLabelNamesRequest & narthex.BlocksLabelNamesRequest.$Shape} BlocksLabelNamesRequest
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        BlocksLabelNamesRequest.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.narthex.BlocksLabelNamesRequest();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if (!(message.blocks && message.blocks.length))
                            message.blocks = [];
                        message.blocks.push(reader.stringVerify());
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        message.params = $root.narthex.LabelParams.decode(reader, reader.size(), $undefined, _depth + 1, message.params);
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return BlocksLabelNamesRequest;
    })();

    narthex.BlocksLabelValuesRequest = (function() {

        /**
         * Properties of a BlocksLabelValuesRequest.
         * @typedef {Object} narthex.BlocksLabelValuesRequest.$Properties
         * @property {Array.<string>|null} [blocks] BlocksLabelValuesRequest blocks
         * @property {narthex.LabelParams.$Properties|null} [params] BlocksLabelValuesRequest params
         * @property {string|null} [name] BlocksLabelValuesRequest name
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a BlocksLabelValuesRequest.
         * @memberof narthex
         * @interface IBlocksLabelValuesRequest
         * @augments narthex.BlocksLabelValuesRequest.$Properties
         * @deprecated Use narthex.BlocksLabelValuesRequest.$Properties instead.
         */

        /**
         * Shape of a BlocksLabelValuesRequest.
         * @typedef {narthex.BlocksLabelValuesRequest.$Properties} narthex.BlocksLabelValuesRequest.$Shape
         */

        /**
         * Constructs a new BlocksLabelValuesRequest.
         * @memberof narthex
         * @classdesc Represents a BlocksLabelValuesRequest.
         * @constructor
         * @param {narthex.BlocksLabelValuesRequest.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const BlocksLabelValuesRequest = function (properties) {
            this.blocks = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * BlocksLabelValuesRequest blocks.
         * @member {Array.<string>} blocks
         * @memberof narthex.BlocksLabelValuesRequest
         * @instance
         */
        BlocksLabelValuesRequest.prototype.blocks = $util.emptyArray;

        /**
         * BlocksLabelValuesRequest params.
         * @member {narthex.LabelParams.$Properties|null|undefined} params
         * @memberof narthex.BlocksLabelValuesRequest
         * @instance
         */
        BlocksLabelValuesRequest.prototype.params = null;

        /**
         * BlocksLabelValuesRequest name.
         * @member {string} name
         * @memberof narthex.BlocksLabelValuesRequest
         * @instance
         */
        BlocksLabelValuesRequest.prototype.name = "";

        /**
         * Creates a new BlocksLabelValuesRequest instance using the specified properties.
         * @function create
         * @memberof narthex.BlocksLabelValuesRequest
         * @static
         * @param {narthex.BlocksLabelValuesRequest.$Properties=} [properties] Properties to set
         * @returns {narthex.BlocksLabelValuesRequest} BlocksLabelValuesRequest instance
         * @type {{
         *   (properties: narthex.BlocksLabelValuesRequest.$Shape): narthex.BlocksLabelValuesRequest & narthex.BlocksLabelValuesRequest.$Shape;
         *   (properties?: narthex.BlocksLabelValuesRequest.$Properties): narthex.BlocksLabelValuesRequest;
         * }}
         */
        BlocksLabelValuesRequest.create = function(properties) {
            return new BlocksLabelValuesRequest(properties);
        };

        /**
         * Encodes the specified BlocksLabelValuesRequest message. Does not implicitly {@link narthex.BlocksLabelValuesRequest.verify|verify} messages.
         * @function encode
         * @memberof narthex.BlocksLabelValuesRequest
         * @static
         * @param {narthex.BlocksLabelValuesRequest.$Properties} message BlocksLabelValuesRequest message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        BlocksLabelValuesRequest.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.blocks != null && message.blocks.length)
                for (let i = 0; i < message.blocks.length; ++i)
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.blocks[i]);
            if (message.params != null && $Object.hasOwnProperty.call(message, "params"))
                $root.narthex.LabelParams.encode(message.params, writer.uint32(/* id 2, wireType 2 =*/18).fork(), _depth + 1).ldelim();
            if (message.name != null && $Object.hasOwnProperty.call(message, "name") && message.name !== "")
                writer.uint32(/* id 3, wireType 2 =*/26).string(message.name);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a BlocksLabelValuesRequest message from the specified reader or buffer.
         * @function decode
         * @memberof narthex.BlocksLabelValuesRequest
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {narthex.BlocksLabelValuesRequest & narthex.BlocksLabelValuesRequest.$Shape} BlocksLabelValuesRequest
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        BlocksLabelValuesRequest.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.narthex.BlocksLabelValuesRequest();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if (!(message.blocks && message.blocks.length))
                            message.blocks = [];
                        message.blocks.push(reader.stringVerify());
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        message.params = $root.narthex.LabelParams.decode(reader, reader.size(), $undefined, _depth + 1, message.params);
                        continue;
                    }
                case 3: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.name = value;
                        else
                            delete message.name;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return BlocksLabelValuesRequest;
    })();

    narthex.BlocksRequest = (function() {

        /**
         * Properties of a BlocksRequest.
         * @typedef {Object} narthex.BlocksRequest.$Properties
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a BlocksRequest.
         * @memberof narthex
         * @interface IBlocksRequest
         * @augments narthex.BlocksRequest.$Properties
         * @deprecated Use narthex.BlocksRequest.$Properties instead.
         */

        /**
         * Shape of a BlocksRequest.
         * @typedef {narthex.BlocksRequest.$Properties} narthex.BlocksRequest.$Shape
         */

        /**
         * Constructs a new BlocksRequest.
         * @memberof narthex
         * @classdesc Represents a BlocksRequest.
         * @constructor
         * @param {narthex.BlocksRequest.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const BlocksRequest = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * Creates a new BlocksRequest instance using the specified properties.
         * @function create
         * @memberof narthex.BlocksRequest
         * @static
         * @param {narthex.BlocksRequest.$Properties=} [properties] Properties to set
         * @returns {narthex.BlocksRequest} BlocksRequest instance
         * @type {{
         *   (properties: narthex.BlocksRequest.$Shape): narthex.BlocksRequest & narthex.BlocksRequest.$Shape;
         *   (properties?: narthex.BlocksRequest.$Properties): narthex.BlocksRequest;
         * }}
         */
        BlocksRequest.create = function(properties) {
            return new BlocksRequest(properties);
        };

        /**
         * Encodes the specified BlocksRequest message. Does not implicitly {@link narthex.BlocksRequest.verify|verify} messages.
         * @function encode
         * @memberof narthex.BlocksRequest
         * @static
         * @param {narthex.BlocksRequest.$Properties} message BlocksRequest message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        BlocksRequest.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a BlocksRequest message from the specified reader or buffer.
         * @function decode
         * @memberof narthex.BlocksRequest
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {narthex.BlocksRequest & narthex.BlocksRequest.$Shape} BlocksRequest
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        BlocksRequest.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.narthex.BlocksRequest();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                reader.skipType(tag & 7, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return BlocksRequest;
    })();

    narthex.ServedBlock = (function() {

        /**
         * Properties of a ServedBlock.
         * @typedef {Object} narthex.ServedBlock.$Properties
         * @property {string|null} [id] ServedBlock id
         * @property {number|null} [mint] ServedBlock mint
         * @property {number|null} [maxt] ServedBlock maxt
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a ServedBlock.
         * @memberof narthex
         * @interface IServedBlock
         * @augments narthex.ServedBlock.$Properties
         * @deprecated Use narthex.ServedBlock.$Properties instead.
         */

        /**
         * Shape of a ServedBlock.
         * @typedef {narthex.ServedBlock.$Properties} narthex.ServedBlock.$Shape
         */

        /**
         * Constructs a new ServedBlock.
         * @memberof narthex
         * @classdesc Represents a ServedBlock.
         * @constructor
         * @param {narthex.ServedBlock.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const ServedBlock = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * ServedBlock id.
         * @member {string} id
         * @memberof narthex.ServedBlock
         * @instance
         */
        ServedBlock.prototype.id = "";

        /**
         * ServedBlock mint.
         * @member {number} mint
         * @memberof narthex.ServedBlock
         * @instance
         */
        ServedBlock.prototype.mint = 0;

        /**
         * ServedBlock maxt.
         * @member {number} maxt
         * @memberof narthex.ServedBlock
         * @instance
         */
        ServedBlock.prototype.maxt = 0;

        /**
         * Creates a new ServedBlock instance using the specified properties.
         * @function create
         * @memberof narthex.ServedBlock
         * @static
         * @param {narthex.ServedBlock.$Properties=} [properties] Properties to set
         * @returns {narthex.ServedBlock} ServedBlock instance
         * @type {{
         *   (properties: narthex.ServedBlock.$Shape): narthex.ServedBlock & narthex.ServedBlock.$Shape;
         *   (properties?: narthex.ServedBlock.$Properties): narthex.ServedBlock;
         * }}
         */
        ServedBlock.create = function(properties) {
            return new ServedBlock(properties);
        };

        /**
         * Encodes the specified ServedBlock message. Does not implicitly {@link narthex.ServedBlock.verify|verify} messages.
         * @function encode
         * @memberof narthex.ServedBlock
         * @static
         * @param {narthex.ServedBlock.$Properties} message ServedBlock message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        ServedBlock.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.id != null && $Object.hasOwnProperty.call(message, "id") && message.id !== "")
                writer.uint32(/* id 1, wireType 2 =*/10).string(message.id);
            if (message.mint != null && $Object.hasOwnProperty.call(message, "mint") && !$Object.is(message.mint, 0))
                writer.uint32(/* id 2, wireType 1 =*/17).double(message.mint);
            if (message.maxt != null && $Object.hasOwnProperty.call(message, "maxt") && !$Object.is(message.maxt, 0))
                writer.uint32(/* id 3, wireType 1 =*/25).double(message.maxt);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a ServedBlock message from the specified reader or buffer.
         * @function decode
         * @memberof narthex.ServedBlock
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {narthex.ServedBlock & narthex.ServedBlock.$Shape} ServedBlock
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        ServedBlock.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.narthex.ServedBlock();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.id = value;
                        else
                            delete message.id;
                        continue;
                    }
                case 2: {
                        if (wireType !== 1)
                            break;
                        if (!$Object.is(value = reader.double(), 0))
                            message.mint = value;
                        else
                            delete message.mint;
                        continue;
                    }
                case 3: {
                        if (wireType !== 1)
                            break;
                        if (!$Object.is(value = reader.double(), 0))
                            message.maxt = value;
                        else
                            delete message.maxt;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return ServedBlock;
    })();

    narthex.BlocksResponse = (function() {

        /**
         * Properties of a BlocksResponse.
         * @typedef {Object} narthex.BlocksResponse.$Properties
         * @property {Array.<narthex.ServedBlock.$Properties>|null} [blocks] BlocksResponse blocks
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a BlocksResponse.
         * @memberof narthex
         * @interface IBlocksResponse
         * @augments narthex.BlocksResponse.$Properties
         * @deprecated Use narthex.BlocksResponse.$Properties instead.
         */

        /**
         * Shape of a BlocksResponse.
         * @typedef {narthex.BlocksResponse.$Properties} narthex.BlocksResponse.$Shape
         */

        /**
         * Constructs a new BlocksResponse.
         * @memberof narthex
         * @classdesc Represents a BlocksResponse.
         * @constructor
         * @param {narthex.BlocksResponse.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const BlocksResponse = function (properties) {
            this.blocks = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * BlocksResponse blocks.
         * @member {Array.<narthex.ServedBlock.$Properties>} blocks
         * @memberof narthex.BlocksResponse
         * @instance
         */
        BlocksResponse.prototype.blocks = $util.emptyArray;

        /**
         * Creates a new BlocksResponse instance using the specified properties.
         * @function create
         * @memberof narthex.BlocksResponse
         * @static
         * @param {narthex.BlocksResponse.$Properties=} [properties] Properties to set
         * @returns {narthex.BlocksResponse} BlocksResponse instance
         * @type {{
         *   (properties: narthex.BlocksResponse.$Shape): narthex.BlocksResponse & narthex.BlocksResponse.$Shape;
         *   (properties?: narthex.BlocksResponse.$Properties): narthex.BlocksResponse;
         * }}
         */
        BlocksResponse.create = function(properties) {
            return new BlocksResponse(properties);
        };

        /**
         * Encodes the specified BlocksResponse message. Does not implicitly {@link narthex.BlocksResponse.verify|verify} messages.
         * @function encode
         * @memberof narthex.BlocksResponse
         * @static
         * @param {narthex.BlocksResponse.$Properties} message BlocksResponse message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        BlocksResponse.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.blocks != null && message.blocks.length)
                for (let i = 0; i < message.blocks.length; ++i)
                    $root.narthex.ServedBlock.encode(message.blocks[i], writer.uint32(/* id 1, wireType 2 =*/10).fork(), _depth + 1).ldelim();
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a BlocksResponse message from the specified reader or buffer.
         * @function decode
         * @memberof narthex.BlocksResponse
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {narthex.BlocksResponse & narthex.BlocksResponse.$Shape} BlocksResponse
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        BlocksResponse.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.narthex.BlocksResponse();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if (!(message.blocks && message.blocks.length))
                            message.blocks = [];
                        message.blocks.push($root.narthex.ServedBlock.decode(reader, reader.size(), $undefined, _depth + 1));
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return BlocksResponse;
    })();

    narthex.SyncRequest = (function() {

        /**
         * Properties of a SyncRequest.
         * @typedef {Object} narthex.SyncRequest.$Properties
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a SyncRequest.
         * @memberof narthex
         * @interface ISyncRequest
         * @augments narthex.SyncRequest.$Properties
         * @deprecated Use narthex.SyncRequest.$Properties instead.
         */

        /**
         * Shape of a SyncRequest.
         * @typedef {narthex.SyncRequest.$Properties} narthex.SyncRequest.$Shape
         */

        /**
         * Constructs a new SyncRequest.
         * @memberof narthex
         * @classdesc Represents a SyncRequest.
         * @constructor
         * @param {narthex.SyncRequest.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const SyncRequest = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * Creates a new SyncRequest instance using the specified properties.
         * @function create
         * @memberof narthex.SyncRequest
         * @static
         * @param {narthex.SyncRequest.$Properties=} [properties] Properties to set
         * @returns {narthex.SyncRequest} SyncRequest instance
         * @type {{
         *   (properties: narthex.SyncRequest.$Shape): narthex.SyncRequest & narthex.SyncRequest.$Shape;
         *   (properties?: narthex.SyncRequest.$Properties): narthex.SyncRequest;
         * }}
         */
        SyncRequest.create = function(properties) {
            return new SyncRequest(properties);
        };

        /**
         * Encodes the specified SyncRequest message. Does not implicitly {@link narthex.SyncRequest.verify|verify} messages.
         * @function encode
         * @memberof narthex.SyncRequest
         * @static
         * @param {narthex.SyncRequest.$Properties} message SyncRequest message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        SyncRequest.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a SyncRequest message from the specified reader or buffer.
         * @function decode
         * @memberof narthex.SyncRequest
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {narthex.SyncRequest & narthex.SyncRequest.$Shape} SyncRequest
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        SyncRequest.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.narthex.SyncRequest();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                reader.skipType(tag & 7, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return SyncRequest;
    })();

    narthex.SyncResponse = (function() {

        /**
         * Properties of a SyncResponse.
         * @typedef {Object} narthex.SyncResponse.$Properties
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a SyncResponse.
         * @memberof narthex
         * @interface ISyncResponse
         * @augments narthex.SyncResponse.$Properties
         * @deprecated Use narthex.SyncResponse.$Properties instead.
         */

        /**
         * Shape of a SyncResponse.
         * @typedef {narthex.SyncResponse.$Properties} narthex.SyncResponse.$Shape
         */

        /**
         * Constructs a new SyncResponse.
         * @memberof narthex
         * @classdesc Represents a SyncResponse.
         * @constructor
         * @param {narthex.SyncResponse.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const SyncResponse = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * Creates a new SyncResponse instance using the specified properties.
         * @function create
         * @memberof narthex.SyncResponse
         * @static
         * @param {narthex.SyncResponse.$Properties=} [properties] Properties to set
         * @returns {narthex.SyncResponse} SyncResponse instance
         * @type {{
         *   (properties: narthex.SyncResponse.$Shape): narthex.SyncResponse & narthex.SyncResponse.$Shape;
         *   (properties?: narthex.SyncResponse.$Properties): narthex.SyncResponse;
         * }}
         */
        SyncResponse.create = function(properties) {
            return new SyncResponse(properties);
        };

        /**
         * Encodes the specified SyncResponse message. Does not implicitly {@link narthex.SyncResponse.verify|verify} messages.
         * @function encode
         * @memberof narthex.SyncResponse
         * @static
         * @param {narthex.SyncResponse.$Properties} message SyncResponse message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        SyncResponse.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a SyncResponse message from the specified reader or buffer.
         * @function decode
         * @memberof narthex.SyncResponse
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {narthex.SyncResponse & narthex.SyncResponse.$Shape} SyncResponse
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        SyncResponse.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.narthex.SyncResponse();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                reader.skipType(tag & 7, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return SyncResponse;
    })();

    return narthex;
})();

export {
  $root as default
};
