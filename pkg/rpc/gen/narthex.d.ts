import * as $protobuf from "protobufjs/minimal.js";
import Long = require("long");

/** Namespace narthex. */
export namespace narthex {

    /** MatchType enum. */
    enum MatchType {

        /** EQUAL value */
        EQUAL = 0,

        /** NOT_EQUAL value */
        NOT_EQUAL = 1,

        /** REGEXP value */
        REGEXP = 2,

        /** NOT_REGEXP value */
        NOT_REGEXP = 3
    }

    /**
     * Properties of a Matcher.
     * @deprecated Use narthex.Matcher.$Properties instead.
     */
    interface IMatcher extends narthex.Matcher.$Properties {
    }

    /** Represents a Matcher. */
    class Matcher {

        /**
         * Constructs a new Matcher.
         * @param [properties] Properties to set
         */
        constructor(properties?: narthex.Matcher.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Matcher type. */
        type: narthex.MatchType;

        /** Matcher name. */
        name: string;

        /** Matcher value. */
        value: string;

        /**
         * Creates a new Matcher instance using the specified properties.
         * @param [properties] Properties to set
         * @returns Matcher instance
         */
        static create(properties: narthex.Matcher.$Shape): narthex.Matcher & narthex.Matcher.$Shape;
        static create(properties?: narthex.Matcher.$Properties): narthex.Matcher;

        /**
         * Encodes the specified Matcher message. Does not implicitly {@link narthex.Matcher.verify|verify} messages.
         * @param message Matcher message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: narthex.Matcher.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Matcher message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {narthex.Matcher & narthex.Matcher.$Shape} Matcher
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): narthex.Matcher & narthex.Matcher.$Shape;
    }

    namespace Matcher {

        /** Properties of a Matcher. */
        interface $Properties {

            /** Matcher type */
            type?: (narthex.MatchType|null);

            /** Matcher name */
            name?: (string|null);

            /** Matcher value */
            value?: (string|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Matcher. */
        type $Shape = narthex.Matcher.$Properties;
    }

    /**
     * Properties of a SelectHints.
     * @deprecated Use narthex.SelectHints.$Properties instead.
     */
    interface ISelectHints extends narthex.SelectHints.$Properties {
    }

    /** Represents a SelectHints. */
    class SelectHints {

        /**
         * Constructs a new SelectHints.
         * @param [properties] Properties to set
         */
        constructor(properties?: narthex.SelectHints.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** SelectHints step. */
        step: number;

        /** SelectHints range. */
        range: number;

        /** SelectHints func. */
        func: string;

        /** SelectHints grouping. */
        grouping: string[];

        /** SelectHints by. */
        by: boolean;

        /** SelectHints skipChunks. */
        skipChunks: boolean;

        /**
         * Creates a new SelectHints instance using the specified properties.
         * @param [properties] Properties to set
         * @returns SelectHints instance
         */
        static create(properties: narthex.SelectHints.$Shape): narthex.SelectHints & narthex.SelectHints.$Shape;
        static create(properties?: narthex.SelectHints.$Properties): narthex.SelectHints;

        /**
         * Encodes the specified SelectHints message. Does not implicitly {@link narthex.SelectHints.verify|verify} messages.
         * @param message SelectHints message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: narthex.SelectHints.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a SelectHints message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {narthex.SelectHints & narthex.SelectHints.$Shape} SelectHints
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): narthex.SelectHints & narthex.SelectHints.$Shape;
    }

    namespace SelectHints {

        /** Properties of a SelectHints. */
        interface $Properties {

            /** SelectHints step */
            step?: (number|null);

            /** SelectHints range */
            range?: (number|null);

            /** SelectHints func */
            func?: (string|null);

            /** SelectHints grouping */
            grouping?: (string[]|null);

            /** SelectHints by */
            by?: (boolean|null);

            /** SelectHints skipChunks */
            skipChunks?: (boolean|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a SelectHints. */
        type $Shape = narthex.SelectHints.$Properties;
    }

    /**
     * Properties of a SelectParams.
     * @deprecated Use narthex.SelectParams.$Properties instead.
     */
    interface ISelectParams extends narthex.SelectParams.$Properties {
    }

    /** Represents a SelectParams. */
    class SelectParams {

        /**
         * Constructs a new SelectParams.
         * @param [properties] Properties to set
         */
        constructor(properties?: narthex.SelectParams.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** SelectParams mint. */
        mint: number;

        /** SelectParams maxt. */
        maxt: number;

        /** SelectParams matchers. */
        matchers: narthex.Matcher.$Properties[];

        /** SelectParams hints. */
        hints?: (narthex.SelectHints.$Properties|null);

        /** SelectParams limit. */
        limit: number;

        /**
         * Creates a new SelectParams instance using the specified properties.
         * @param [properties] Properties to set
         * @returns SelectParams instance
         */
        static create(properties: narthex.SelectParams.$Shape): narthex.SelectParams & narthex.SelectParams.$Shape;
        static create(properties?: narthex.SelectParams.$Properties): narthex.SelectParams;

        /**
         * Encodes the specified SelectParams message. Does not implicitly {@link narthex.SelectParams.verify|verify} messages.
         * @param message SelectParams message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: narthex.SelectParams.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a SelectParams message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {narthex.SelectParams & narthex.SelectParams.$Shape} SelectParams
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): narthex.SelectParams & narthex.SelectParams.$Shape;
    }

    namespace SelectParams {

        /** Properties of a SelectParams. */
        interface $Properties {

            /** SelectParams mint */
            mint?: (number|null);

            /** SelectParams maxt */
            maxt?: (number|null);

            /** SelectParams matchers */
            matchers?: (narthex.Matcher.$Properties[]|null);

            /** SelectParams hints */
            hints?: (narthex.SelectHints.$Properties|null);

            /** SelectParams limit */
            limit?: (number|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a SelectParams. */
        type $Shape = narthex.SelectParams.$Properties;
    }

    /**
     * Properties of a SelectResponse.
     * @deprecated Use narthex.SelectResponse.$Properties instead.
     */
    interface ISelectResponse extends narthex.SelectResponse.$Properties {
    }

    /** Represents a SelectResponse. */
    class SelectResponse {

        /**
         * Constructs a new SelectResponse.
         * @param [properties] Properties to set
         */
        constructor(properties?: narthex.SelectResponse.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** SelectResponse series. */
        series: Uint8Array;

        /** SelectResponse warnings. */
        warnings: string[];

        /**
         * Creates a new SelectResponse instance using the specified properties.
         * @param [properties] Properties to set
         * @returns SelectResponse instance
         */
        static create(properties: narthex.SelectResponse.$Shape): narthex.SelectResponse & narthex.SelectResponse.$Shape;
        static create(properties?: narthex.SelectResponse.$Properties): narthex.SelectResponse;

        /**
         * Encodes the specified SelectResponse message. Does not implicitly {@link narthex.SelectResponse.verify|verify} messages.
         * @param message SelectResponse message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: narthex.SelectResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a SelectResponse message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {narthex.SelectResponse & narthex.SelectResponse.$Shape} SelectResponse
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): narthex.SelectResponse & narthex.SelectResponse.$Shape;
    }

    namespace SelectResponse {

        /** Properties of a SelectResponse. */
        interface $Properties {

            /** SelectResponse series */
            series?: (Uint8Array|null);

            /** SelectResponse warnings */
            warnings?: (string[]|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a SelectResponse. */
        type $Shape = narthex.SelectResponse.$Properties;
    }

    /**
     * Properties of a LabelParams.
     * @deprecated Use narthex.LabelParams.$Properties instead.
     */
    interface ILabelParams extends narthex.LabelParams.$Properties {
    }

    /** Represents a LabelParams. */
    class LabelParams {

        /**
         * Constructs a new LabelParams.
         * @param [properties] Properties to set
         */
        constructor(properties?: narthex.LabelParams.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** LabelParams mint. */
        mint: number;

        /** LabelParams maxt. */
        maxt: number;

        /** LabelParams matchers. */
        matchers: narthex.Matcher.$Properties[];

        /** LabelParams limit. */
        limit: number;

        /**
         * Creates a new LabelParams instance using the specified properties.
         * @param [properties] Properties to set
         * @returns LabelParams instance
         */
        static create(properties: narthex.LabelParams.$Shape): narthex.LabelParams & narthex.LabelParams.$Shape;
        static create(properties?: narthex.LabelParams.$Properties): narthex.LabelParams;

        /**
         * Encodes the specified LabelParams message. Does not implicitly {@link narthex.LabelParams.verify|verify} messages.
         * @param message LabelParams message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: narthex.LabelParams.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a LabelParams message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {narthex.LabelParams & narthex.LabelParams.$Shape} LabelParams
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): narthex.LabelParams & narthex.LabelParams.$Shape;
    }

    namespace LabelParams {

        /** Properties of a LabelParams. */
        interface $Properties {

            /** LabelParams mint */
            mint?: (number|null);

            /** LabelParams maxt */
            maxt?: (number|null);

            /** LabelParams matchers */
            matchers?: (narthex.Matcher.$Properties[]|null);

            /** LabelParams limit */
            limit?: (number|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a LabelParams. */
        type $Shape = narthex.LabelParams.$Properties;
    }

    /**
     * Properties of a LabelsResponse.
     * @deprecated Use narthex.LabelsResponse.$Properties instead.
     */
    interface ILabelsResponse extends narthex.LabelsResponse.$Properties {
    }

    /** Represents a LabelsResponse. */
    class LabelsResponse {

        /**
         * Constructs a new LabelsResponse.
         * @param [properties] Properties to set
         */
        constructor(properties?: narthex.LabelsResponse.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** LabelsResponse values. */
        values: string[];

        /** LabelsResponse warnings. */
        warnings: string[];

        /**
         * Creates a new LabelsResponse instance using the specified properties.
         * @param [properties] Properties to set
         * @returns LabelsResponse instance
         */
        static create(properties: narthex.LabelsResponse.$Shape): narthex.LabelsResponse & narthex.LabelsResponse.$Shape;
        static create(properties?: narthex.LabelsResponse.$Properties): narthex.LabelsResponse;

        /**
         * Encodes the specified LabelsResponse message. Does not implicitly {@link narthex.LabelsResponse.verify|verify} messages.
         * @param message LabelsResponse message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: narthex.LabelsResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a LabelsResponse message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {narthex.LabelsResponse & narthex.LabelsResponse.$Shape} LabelsResponse
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): narthex.LabelsResponse & narthex.LabelsResponse.$Shape;
    }

    namespace LabelsResponse {

        /** Properties of a LabelsResponse. */
        interface $Properties {

            /** LabelsResponse values */
            values?: (string[]|null);

            /** LabelsResponse warnings */
            warnings?: (string[]|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a LabelsResponse. */
        type $Shape = narthex.LabelsResponse.$Properties;
    }

    /**
     * Properties of a WriteRequest.
     * @deprecated Use narthex.WriteRequest.$Properties instead.
     */
    interface IWriteRequest extends narthex.WriteRequest.$Properties {
    }

    /** Represents a WriteRequest. */
    class WriteRequest {

        /**
         * Constructs a new WriteRequest.
         * @param [properties] Properties to set
         */
        constructor(properties?: narthex.WriteRequest.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /**
         * Creates a new WriteRequest instance using the specified properties.
         * @param [properties] Properties to set
         * @returns WriteRequest instance
         */
        static create(properties: narthex.WriteRequest.$Shape): narthex.WriteRequest & narthex.WriteRequest.$Shape;
        static create(properties?: narthex.WriteRequest.$Properties): narthex.WriteRequest;

        /**
         * Encodes the specified WriteRequest message. Does not implicitly {@link narthex.WriteRequest.verify|verify} messages.
         * @param message WriteRequest message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: narthex.WriteRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a WriteRequest message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {narthex.WriteRequest & narthex.WriteRequest.$Shape} WriteRequest
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): narthex.WriteRequest & narthex.WriteRequest.$Shape;
    }

    namespace WriteRequest {

        /** Properties of a WriteRequest. */
        interface $Properties {

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a WriteRequest. */
        type $Shape = narthex.WriteRequest.$Properties;
    }

    /**
     * Properties of a PushResponse.
     * @deprecated Use narthex.PushResponse.$Properties instead.
     */
    interface IPushResponse extends narthex.PushResponse.$Properties {
    }

    /** Represents a PushResponse. */
    class PushResponse {

        /**
         * Constructs a new PushResponse.
         * @param [properties] Properties to set
         */
        constructor(properties?: narthex.PushResponse.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** PushResponse samples. */
        samples: number;

        /** PushResponse rejected. */
        rejected: narthex.Rejection.$Properties[];

        /** PushResponse exemplarsRefused. */
        exemplarsRefused: number;

        /**
         * Creates a new PushResponse instance using the specified properties.
         * @param [properties] Properties to set
         * @returns PushResponse instance
         */
        static create(properties: narthex.PushResponse.$Shape): narthex.PushResponse & narthex.PushResponse.$Shape;
        static create(properties?: narthex.PushResponse.$Properties): narthex.PushResponse;

        /**
         * Encodes the specified PushResponse message. Does not implicitly {@link narthex.PushResponse.verify|verify} messages.
         * @param message PushResponse message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: narthex.PushResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a PushResponse message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {narthex.PushResponse & narthex.PushResponse.$Shape} PushResponse
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): narthex.PushResponse & narthex.PushResponse.$Shape;
    }

    namespace PushResponse {

        /** Properties of a PushResponse. */
        interface $Properties {

            /** PushResponse samples */
            samples?: (number|null);

            /** PushResponse rejected */
            rejected?: (narthex.Rejection.$Properties[]|null);

            /** PushResponse exemplarsRefused */
            exemplarsRefused?: (number|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a PushResponse. */
        type $Shape = narthex.PushResponse.$Properties;
    }

    /**
     * Properties of a Rejection.
     * @deprecated Use narthex.Rejection.$Properties instead.
     */
    interface IRejection extends narthex.Rejection.$Properties {
    }

    /** Represents a Rejection. */
    class Rejection {

        /**
         * Constructs a new Rejection.
         * @param [properties] Properties to set
         */
        constructor(properties?: narthex.Rejection.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Rejection reason. */
        reason: string;

        /** Rejection count. */
        count: number;

        /** Rejection message. */
        message: string;

        /** Rejection histograms. */
        histograms: number;

        /**
         * Creates a new Rejection instance using the specified properties.
         * @param [properties] Properties to set
         * @returns Rejection instance
         */
        static create(properties: narthex.Rejection.$Shape): narthex.Rejection & narthex.Rejection.$Shape;
        static create(properties?: narthex.Rejection.$Properties): narthex.Rejection;

        /**
         * Encodes the specified Rejection message. Does not implicitly {@link narthex.Rejection.verify|verify} messages.
         * @param message Rejection message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: narthex.Rejection.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Rejection message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {narthex.Rejection & narthex.Rejection.$Shape} Rejection
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): narthex.Rejection & narthex.Rejection.$Shape;
    }

    namespace Rejection {

        /** Properties of a Rejection. */
        interface $Properties {

            /** Rejection reason */
            reason?: (string|null);

            /** Rejection count */
            count?: (number|null);

            /** Rejection message */
            message?: (string|null);

            /** Rejection histograms */
            histograms?: (number|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Rejection. */
        type $Shape = narthex.Rejection.$Properties;
    }

    /**
     * Properties of a SelectRequest.
     * @deprecated Use narthex.SelectRequest.$Properties instead.
     */
    interface ISelectRequest extends narthex.SelectRequest.$Properties {
    }

    /** Represents a SelectRequest. */
    class SelectRequest {

        /**
         * Constructs a new SelectRequest.
         * @param [properties] Properties to set
         */
        constructor(properties?: narthex.SelectRequest.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** SelectRequest params. */
        params?: (narthex.SelectParams.$Properties|null);

        /**
         * Creates a new SelectRequest instance using the specified properties.
         * @param [properties] Properties to set
         * @returns SelectRequest instance
         */
        static create(properties: narthex.SelectRequest.$Shape): narthex.SelectRequest & narthex.SelectRequest.$Shape;
        static create(properties?: narthex.SelectRequest.$Properties): narthex.SelectRequest;

        /**
         * Encodes the specified SelectRequest message. Does not implicitly {@link narthex.SelectRequest.verify|verify} messages.
         * @param message SelectRequest message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: narthex.SelectRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a SelectRequest message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {narthex.SelectRequest & narthex.SelectRequest.$Shape} SelectRequest
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): narthex.SelectRequest & narthex.SelectRequest.$Shape;
    }

    namespace SelectRequest {

        /** Properties of a SelectRequest. */
        interface $Properties {

            /** SelectRequest params */
            params?: (narthex.SelectParams.$Properties|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a SelectRequest. */
        type $Shape = narthex.SelectRequest.$Properties;
    }

    /**
     * Properties of a LabelNamesRequest.
     * @deprecated Use narthex.LabelNamesRequest.$Properties instead.
     */
    interface ILabelNamesRequest extends narthex.LabelNamesRequest.$Properties {
    }

    /** Represents a LabelNamesRequest. */
    class LabelNamesRequest {

        /**
         * Constructs a new LabelNamesRequest.
         * @param [properties] Properties to set
         */
        constructor(properties?: narthex.LabelNamesRequest.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** LabelNamesRequest params. */
        params?: (narthex.LabelParams.$Properties|null);

        /**
         * Creates a new LabelNamesRequest instance using the specified properties.
         * @param [properties] Properties to set
         * @returns LabelNamesRequest instance
         */
        static create(properties: narthex.LabelNamesRequest.$Shape): narthex.LabelNamesRequest & narthex.LabelNamesRequest.$Shape;
        static create(properties?: narthex.LabelNamesRequest.$Properties): narthex.LabelNamesRequest;

        /**
         * Encodes the specified LabelNamesRequest message. Does not implicitly {@link narthex.LabelNamesRequest.verify|verify} messages.
         * @param message LabelNamesRequest message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: narthex.LabelNamesRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a LabelNamesRequest message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {narthex.LabelNamesRequest & narthex.LabelNamesRequest.$Shape} LabelNamesRequest
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): narthex.LabelNamesRequest & narthex.LabelNamesRequest.$Shape;
    }

    namespace LabelNamesRequest {

        /** Properties of a LabelNamesRequest. */
        interface $Properties {

            /** LabelNamesRequest params */
            params?: (narthex.LabelParams.$Properties|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a LabelNamesRequest. */
        type $Shape = narthex.LabelNamesRequest.$Properties;
    }

    /**
     * Properties of a LabelValuesRequest.
     * @deprecated Use narthex.LabelValuesRequest.$Properties instead.
     */
    interface ILabelValuesRequest extends narthex.LabelValuesRequest.$Properties {
    }

    /** Represents a LabelValuesRequest. */
    class LabelValuesRequest {

        /**
         * Constructs a new LabelValuesRequest.
         * @param [properties] Properties to set
         */
        constructor(properties?: narthex.LabelValuesRequest.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** LabelValuesRequest params. */
        params?: (narthex.LabelParams.$Properties|null);

        /** LabelValuesRequest name. */
        name: string;

        /**
         * Creates a new LabelValuesRequest instance using the specified properties.
         * @param [properties] Properties to set
         * @returns LabelValuesRequest instance
         */
        static create(properties: narthex.LabelValuesRequest.$Shape): narthex.LabelValuesRequest & narthex.LabelValuesRequest.$Shape;
        static create(properties?: narthex.LabelValuesRequest.$Properties): narthex.LabelValuesRequest;

        /**
         * Encodes the specified LabelValuesRequest message. Does not implicitly {@link narthex.LabelValuesRequest.verify|verify} messages.
         * @param message LabelValuesRequest message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: narthex.LabelValuesRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a LabelValuesRequest message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {narthex.LabelValuesRequest & narthex.LabelValuesRequest.$Shape} LabelValuesRequest
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): narthex.LabelValuesRequest & narthex.LabelValuesRequest.$Shape;
    }

    namespace LabelValuesRequest {

        /** Properties of a LabelValuesRequest. */
        interface $Properties {

            /** LabelValuesRequest params */
            params?: (narthex.LabelParams.$Properties|null);

            /** LabelValuesRequest name */
            name?: (string|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a LabelValuesRequest. */
        type $Shape = narthex.LabelValuesRequest.$Properties;
    }

    /**
     * Properties of a MetadataRequest.
     * @deprecated Use narthex.MetadataRequest.$Properties instead.
     */
    interface IMetadataRequest extends narthex.MetadataRequest.$Properties {
    }

    /** Represents a MetadataRequest. */
    class MetadataRequest {

        /**
         * Constructs a new MetadataRequest.
         * @param [properties] Properties to set
         */
        constructor(properties?: narthex.MetadataRequest.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** MetadataRequest metric. */
        metric?: (string|null);

        /** MetadataRequest limit. */
        limit: number;

        /**
         * Creates a new MetadataRequest instance using the specified properties.
         * @param [properties] Properties to set
         * @returns MetadataRequest instance
         */
        static create(properties: narthex.MetadataRequest.$Shape): narthex.MetadataRequest & narthex.MetadataRequest.$Shape;
        static create(properties?: narthex.MetadataRequest.$Properties): narthex.MetadataRequest;

        /**
         * Encodes the specified MetadataRequest message. Does not implicitly {@link narthex.MetadataRequest.verify|verify} messages.
         * @param message MetadataRequest message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: narthex.MetadataRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a MetadataRequest message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {narthex.MetadataRequest & narthex.MetadataRequest.$Shape} MetadataRequest
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): narthex.MetadataRequest & narthex.MetadataRequest.$Shape;
    }

    namespace MetadataRequest {

        /** Properties of a MetadataRequest. */
        interface $Properties {

            /** MetadataRequest metric */
            metric?: (string|null);

            /** MetadataRequest limit */
            limit?: (number|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a MetadataRequest. */
        type $Shape = narthex.MetadataRequest.$Properties;
    }

    /**
     * Properties of a MetricMetadata.
     * @deprecated Use narthex.MetricMetadata.$Properties instead.
     */
    interface IMetricMetadata extends narthex.MetricMetadata.$Properties {
    }

    /** Represents a MetricMetadata. */
    class MetricMetadata {

        /**
         * Constructs a new MetricMetadata.
         * @param [properties] Properties to set
         */
        constructor(properties?: narthex.MetricMetadata.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** MetricMetadata metric. */
        metric: string;

        /** MetricMetadata type. */
        type: string;

        /** MetricMetadata help. */
        help: string;

        /** MetricMetadata unit. */
        unit: string;

        /**
         * Creates a new MetricMetadata instance using the specified properties.
         * @param [properties] Properties to set
         * @returns MetricMetadata instance
         */
        static create(properties: narthex.MetricMetadata.$Shape): narthex.MetricMetadata & narthex.MetricMetadata.$Shape;
        static create(properties?: narthex.MetricMetadata.$Properties): narthex.MetricMetadata;

        /**
         * Encodes the specified MetricMetadata message. Does not implicitly {@link narthex.MetricMetadata.verify|verify} messages.
         * @param message MetricMetadata message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: narthex.MetricMetadata.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a MetricMetadata message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {narthex.MetricMetadata & narthex.MetricMetadata.$Shape} MetricMetadata
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): narthex.MetricMetadata & narthex.MetricMetadata.$Shape;
    }

    namespace MetricMetadata {

        /** Properties of a MetricMetadata. */
        interface $Properties {

            /** MetricMetadata metric */
            metric?: (string|null);

            /** MetricMetadata type */
            type?: (string|null);

            /** MetricMetadata help */
            help?: (string|null);

            /** MetricMetadata unit */
            unit?: (string|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a MetricMetadata. */
        type $Shape = narthex.MetricMetadata.$Properties;
    }

    /**
     * Properties of a MetadataResponse.
     * @deprecated Use narthex.MetadataResponse.$Properties instead.
     */
    interface IMetadataResponse extends narthex.MetadataResponse.$Properties {
    }

    /** Represents a MetadataResponse. */
    class MetadataResponse {

        /**
         * Constructs a new MetadataResponse.
         * @param [properties] Properties to set
         */
        constructor(properties?: narthex.MetadataResponse.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** MetadataResponse metadata. */
        metadata: narthex.MetricMetadata.$Properties[];

        /**
         * Creates a new MetadataResponse instance using the specified properties.
         * @param [properties] Properties to set
         * @returns MetadataResponse instance
         */
        static create(properties: narthex.MetadataResponse.$Shape): narthex.MetadataResponse & narthex.MetadataResponse.$Shape;
        static create(properties?: narthex.MetadataResponse.$Properties): narthex.MetadataResponse;

        /**
         * Encodes the specified MetadataResponse message. Does not implicitly {@link narthex.MetadataResponse.verify|verify} messages.
         * @param message MetadataResponse message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: narthex.MetadataResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a MetadataResponse message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {narthex.MetadataResponse & narthex.MetadataResponse.$Shape} MetadataResponse
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): narthex.MetadataResponse & narthex.MetadataResponse.$Shape;
    }

    namespace MetadataResponse {

        /** Properties of a MetadataResponse. */
        interface $Properties {

            /** MetadataResponse metadata */
            metadata?: (narthex.MetricMetadata.$Properties[]|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a MetadataResponse. */
        type $Shape = narthex.MetadataResponse.$Properties;
    }

    /**
     * Properties of a MatcherSet.
     * @deprecated Use narthex.MatcherSet.$Properties instead.
     */
    interface IMatcherSet extends narthex.MatcherSet.$Properties {
    }

    /** Represents a MatcherSet. */
    class MatcherSet {

        /**
         * Constructs a new MatcherSet.
         * @param [properties] Properties to set
         */
        constructor(properties?: narthex.MatcherSet.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** MatcherSet matchers. */
        matchers: narthex.Matcher.$Properties[];

        /**
         * Creates a new MatcherSet instance using the specified properties.
         * @param [properties] Properties to set
         * @returns MatcherSet instance
         */
        static create(properties: narthex.MatcherSet.$Shape): narthex.MatcherSet & narthex.MatcherSet.$Shape;
        static create(properties?: narthex.MatcherSet.$Properties): narthex.MatcherSet;

        /**
         * Encodes the specified MatcherSet message. Does not implicitly {@link narthex.MatcherSet.verify|verify} messages.
         * @param message MatcherSet message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: narthex.MatcherSet.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a MatcherSet message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {narthex.MatcherSet & narthex.MatcherSet.$Shape} MatcherSet
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): narthex.MatcherSet & narthex.MatcherSet.$Shape;
    }

    namespace MatcherSet {

        /** Properties of a MatcherSet. */
        interface $Properties {

            /** MatcherSet matchers */
            matchers?: (narthex.Matcher.$Properties[]|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a MatcherSet. */
        type $Shape = narthex.MatcherSet.$Properties;
    }

    /**
     * Properties of an ExemplarsRequest.
     * @deprecated Use narthex.ExemplarsRequest.$Properties instead.
     */
    interface IExemplarsRequest extends narthex.ExemplarsRequest.$Properties {
    }

    /** Represents an ExemplarsRequest. */
    class ExemplarsRequest {

        /**
         * Constructs a new ExemplarsRequest.
         * @param [properties] Properties to set
         */
        constructor(properties?: narthex.ExemplarsRequest.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** ExemplarsRequest mint. */
        mint: number;

        /** ExemplarsRequest maxt. */
        maxt: number;

        /** ExemplarsRequest sets. */
        sets: narthex.MatcherSet.$Properties[];

        /**
         * Creates a new ExemplarsRequest instance using the specified properties.
         * @param [properties] Properties to set
         * @returns ExemplarsRequest instance
         */
        static create(properties: narthex.ExemplarsRequest.$Shape): narthex.ExemplarsRequest & narthex.ExemplarsRequest.$Shape;
        static create(properties?: narthex.ExemplarsRequest.$Properties): narthex.ExemplarsRequest;

        /**
         * Encodes the specified ExemplarsRequest message. Does not implicitly {@link narthex.ExemplarsRequest.verify|verify} messages.
         * @param message ExemplarsRequest message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: narthex.ExemplarsRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes an ExemplarsRequest message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {narthex.ExemplarsRequest & narthex.ExemplarsRequest.$Shape} ExemplarsRequest
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): narthex.ExemplarsRequest & narthex.ExemplarsRequest.$Shape;
    }

    namespace ExemplarsRequest {

        /** Properties of an ExemplarsRequest. */
        interface $Properties {

            /** ExemplarsRequest mint */
            mint?: (number|null);

            /** ExemplarsRequest maxt */
            maxt?: (number|null);

            /** ExemplarsRequest sets */
            sets?: (narthex.MatcherSet.$Properties[]|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of an ExemplarsRequest. */
        type $Shape = narthex.ExemplarsRequest.$Properties;
    }

    /**
     * Properties of an Exemplar.
     * @deprecated Use narthex.Exemplar.$Properties instead.
     */
    interface IExemplar extends narthex.Exemplar.$Properties {
    }

    /** Represents an Exemplar. */
    class Exemplar {

        /**
         * Constructs a new Exemplar.
         * @param [properties] Properties to set
         */
        constructor(properties?: narthex.Exemplar.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Exemplar labels. */
        labels: string[];

        /** Exemplar value. */
        value: number;

        /** Exemplar timestamp. */
        timestamp: number;

        /**
         * Creates a new Exemplar instance using the specified properties.
         * @param [properties] Properties to set
         * @returns Exemplar instance
         */
        static create(properties: narthex.Exemplar.$Shape): narthex.Exemplar & narthex.Exemplar.$Shape;
        static create(properties?: narthex.Exemplar.$Properties): narthex.Exemplar;

        /**
         * Encodes the specified Exemplar message. Does not implicitly {@link narthex.Exemplar.verify|verify} messages.
         * @param message Exemplar message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: narthex.Exemplar.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes an Exemplar message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {narthex.Exemplar & narthex.Exemplar.$Shape} Exemplar
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): narthex.Exemplar & narthex.Exemplar.$Shape;
    }

    namespace Exemplar {

        /** Properties of an Exemplar. */
        interface $Properties {

            /** Exemplar labels */
            labels?: (string[]|null);

            /** Exemplar value */
            value?: (number|null);

            /** Exemplar timestamp */
            timestamp?: (number|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of an Exemplar. */
        type $Shape = narthex.Exemplar.$Properties;
    }

    /**
     * Properties of a SeriesExemplars.
     * @deprecated Use narthex.SeriesExemplars.$Properties instead.
     */
    interface ISeriesExemplars extends narthex.SeriesExemplars.$Properties {
    }

    /** Represents a SeriesExemplars. */
    class SeriesExemplars {

        /**
         * Constructs a new SeriesExemplars.
         * @param [properties] Properties to set
         */
        constructor(properties?: narthex.SeriesExemplars.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** SeriesExemplars labels. */
        labels: string[];

        /** SeriesExemplars exemplars. */
        exemplars: narthex.Exemplar.$Properties[];

        /**
         * Creates a new SeriesExemplars instance using the specified properties.
         * @param [properties] Properties to set
         * @returns SeriesExemplars instance
         */
        static create(properties: narthex.SeriesExemplars.$Shape): narthex.SeriesExemplars & narthex.SeriesExemplars.$Shape;
        static create(properties?: narthex.SeriesExemplars.$Properties): narthex.SeriesExemplars;

        /**
         * Encodes the specified SeriesExemplars message. Does not implicitly {@link narthex.SeriesExemplars.verify|verify} messages.
         * @param message SeriesExemplars message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: narthex.SeriesExemplars.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a SeriesExemplars message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {narthex.SeriesExemplars & narthex.SeriesExemplars.$Shape} SeriesExemplars
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): narthex.SeriesExemplars & narthex.SeriesExemplars.$Shape;
    }

    namespace SeriesExemplars {

        /** Properties of a SeriesExemplars. */
        interface $Properties {

            /** SeriesExemplars labels */
            labels?: (string[]|null);

            /** SeriesExemplars exemplars */
            exemplars?: (narthex.Exemplar.$Properties[]|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a SeriesExemplars. */
        type $Shape = narthex.SeriesExemplars.$Properties;
    }

    /**
     * Properties of an ExemplarsResponse.
     * @deprecated Use narthex.ExemplarsResponse.$Properties instead.
     */
    interface IExemplarsResponse extends narthex.ExemplarsResponse.$Properties {
    }

    /** Represents an ExemplarsResponse. */
    class ExemplarsResponse {

        /**
         * Constructs a new ExemplarsResponse.
         * @param [properties] Properties to set
         */
        constructor(properties?: narthex.ExemplarsResponse.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** ExemplarsResponse series. */
        series: narthex.SeriesExemplars.$Properties[];

        /**
         * Creates a new ExemplarsResponse instance using the specified properties.
         * @param [properties] Properties to set
         * @returns ExemplarsResponse instance
         */
        static create(properties: narthex.ExemplarsResponse.$Shape): narthex.ExemplarsResponse & narthex.ExemplarsResponse.$Shape;
        static create(properties?: narthex.ExemplarsResponse.$Properties): narthex.ExemplarsResponse;

        /**
         * Encodes the specified ExemplarsResponse message. Does not implicitly {@link narthex.ExemplarsResponse.verify|verify} messages.
         * @param message ExemplarsResponse message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: narthex.ExemplarsResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes an ExemplarsResponse message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {narthex.ExemplarsResponse & narthex.ExemplarsResponse.$Shape} ExemplarsResponse
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): narthex.ExemplarsResponse & narthex.ExemplarsResponse.$Shape;
    }

    namespace ExemplarsResponse {

        /** Properties of an ExemplarsResponse. */
        interface $Properties {

            /** ExemplarsResponse series */
            series?: (narthex.SeriesExemplars.$Properties[]|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of an ExemplarsResponse. */
        type $Shape = narthex.ExemplarsResponse.$Properties;
    }

    /**
     * Properties of a TenantStatsRequest.
     * @deprecated Use narthex.TenantStatsRequest.$Properties instead.
     */
    interface ITenantStatsRequest extends narthex.TenantStatsRequest.$Properties {
    }

    /** Represents a TenantStatsRequest. */
    class TenantStatsRequest {

        /**
         * Constructs a new TenantStatsRequest.
         * @param [properties] Properties to set
         */
        constructor(properties?: narthex.TenantStatsRequest.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /**
         * Creates a new TenantStatsRequest instance using the specified properties.
         * @param [properties] Properties to set
         * @returns TenantStatsRequest instance
         */
        static create(properties: narthex.TenantStatsRequest.$Shape): narthex.TenantStatsRequest & narthex.TenantStatsRequest.$Shape;
        static create(properties?: narthex.TenantStatsRequest.$Properties): narthex.TenantStatsRequest;

        /**
         * Encodes the specified TenantStatsRequest message. Does not implicitly {@link narthex.TenantStatsRequest.verify|verify} messages.
         * @param message TenantStatsRequest message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: narthex.TenantStatsRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a TenantStatsRequest message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {narthex.TenantStatsRequest & narthex.TenantStatsRequest.$Shape} TenantStatsRequest
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): narthex.TenantStatsRequest & narthex.TenantStatsRequest.$Shape;
    }

    namespace TenantStatsRequest {

        /** Properties of a TenantStatsRequest. */
        interface $Properties {

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a TenantStatsRequest. */
        type $Shape = narthex.TenantStatsRequest.$Properties;
    }

    /**
     * Properties of a TenantStat.
     * @deprecated Use narthex.TenantStat.$Properties instead.
     */
    interface ITenantStat extends narthex.TenantStat.$Properties {
    }

    /** Represents a TenantStat. */
    class TenantStat {

        /**
         * Constructs a new TenantStat.
         * @param [properties] Properties to set
         */
        constructor(properties?: narthex.TenantStat.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** TenantStat tenant. */
        tenant: string;

        /** TenantStat series. */
        series: number;

        /** TenantStat samplesPerSecond. */
        samplesPerSecond: number;

        /**
         * Creates a new TenantStat instance using the specified properties.
         * @param [properties] Properties to set
         * @returns TenantStat instance
         */
        static create(properties: narthex.TenantStat.$Shape): narthex.TenantStat & narthex.TenantStat.$Shape;
        static create(properties?: narthex.TenantStat.$Properties): narthex.TenantStat;

        /**
         * Encodes the specified TenantStat message. Does not implicitly {@link narthex.TenantStat.verify|verify} messages.
         * @param message TenantStat message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: narthex.TenantStat.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a TenantStat message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {narthex.TenantStat & narthex.TenantStat.$Shape} TenantStat
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): narthex.TenantStat & narthex.TenantStat.$Shape;
    }

    namespace TenantStat {

        /** Properties of a TenantStat. */
        interface $Properties {

            /** TenantStat tenant */
            tenant?: (string|null);

            /** TenantStat series */
            series?: (number|null);

            /** TenantStat samplesPerSecond */
            samplesPerSecond?: (number|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a TenantStat. */
        type $Shape = narthex.TenantStat.$Properties;
    }

    /**
     * Properties of a TenantStatsResponse.
     * @deprecated Use narthex.TenantStatsResponse.$Properties instead.
     */
    interface ITenantStatsResponse extends narthex.TenantStatsResponse.$Properties {
    }

    /** Represents a TenantStatsResponse. */
    class TenantStatsResponse {

        /**
         * Constructs a new TenantStatsResponse.
         * @param [properties] Properties to set
         */
        constructor(properties?: narthex.TenantStatsResponse.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** TenantStatsResponse tenants. */
        tenants: narthex.TenantStat.$Properties[];

        /**
         * Creates a new TenantStatsResponse instance using the specified properties.
         * @param [properties] Properties to set
         * @returns TenantStatsResponse instance
         */
        static create(properties: narthex.TenantStatsResponse.$Shape): narthex.TenantStatsResponse & narthex.TenantStatsResponse.$Shape;
        static create(properties?: narthex.TenantStatsResponse.$Properties): narthex.TenantStatsResponse;

        /**
         * Encodes the specified TenantStatsResponse message. Does not implicitly {@link narthex.TenantStatsResponse.verify|verify} messages.
         * @param message TenantStatsResponse message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: narthex.TenantStatsResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a TenantStatsResponse message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {narthex.TenantStatsResponse & narthex.TenantStatsResponse.$Shape} TenantStatsResponse
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): narthex.TenantStatsResponse & narthex.TenantStatsResponse.$Shape;
    }

    namespace TenantStatsResponse {

        /** Properties of a TenantStatsResponse. */
        interface $Properties {

            /** TenantStatsResponse tenants */
            tenants?: (narthex.TenantStat.$Properties[]|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a TenantStatsResponse. */
        type $Shape = narthex.TenantStatsResponse.$Properties;
    }

    /**
     * Properties of a DeleteSeriesRequest.
     * @deprecated Use narthex.DeleteSeriesRequest.$Properties instead.
     */
    interface IDeleteSeriesRequest extends narthex.DeleteSeriesRequest.$Properties {
    }

    /** Represents a DeleteSeriesRequest. */
    class DeleteSeriesRequest {

        /**
         * Constructs a new DeleteSeriesRequest.
         * @param [properties] Properties to set
         */
        constructor(properties?: narthex.DeleteSeriesRequest.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** DeleteSeriesRequest matchers. */
        matchers: narthex.Matcher.$Properties[];

        /** DeleteSeriesRequest mint. */
        mint: number;

        /** DeleteSeriesRequest maxt. */
        maxt: number;

        /**
         * Creates a new DeleteSeriesRequest instance using the specified properties.
         * @param [properties] Properties to set
         * @returns DeleteSeriesRequest instance
         */
        static create(properties: narthex.DeleteSeriesRequest.$Shape): narthex.DeleteSeriesRequest & narthex.DeleteSeriesRequest.$Shape;
        static create(properties?: narthex.DeleteSeriesRequest.$Properties): narthex.DeleteSeriesRequest;

        /**
         * Encodes the specified DeleteSeriesRequest message. Does not implicitly {@link narthex.DeleteSeriesRequest.verify|verify} messages.
         * @param message DeleteSeriesRequest message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: narthex.DeleteSeriesRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a DeleteSeriesRequest message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {narthex.DeleteSeriesRequest & narthex.DeleteSeriesRequest.$Shape} DeleteSeriesRequest
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): narthex.DeleteSeriesRequest & narthex.DeleteSeriesRequest.$Shape;
    }

    namespace DeleteSeriesRequest {

        /** Properties of a DeleteSeriesRequest. */
        interface $Properties {

            /** DeleteSeriesRequest matchers */
            matchers?: (narthex.Matcher.$Properties[]|null);

            /** DeleteSeriesRequest mint */
            mint?: (number|null);

            /** DeleteSeriesRequest maxt */
            maxt?: (number|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a DeleteSeriesRequest. */
        type $Shape = narthex.DeleteSeriesRequest.$Properties;
    }

    /**
     * Properties of a DeleteSeriesResponse.
     * @deprecated Use narthex.DeleteSeriesResponse.$Properties instead.
     */
    interface IDeleteSeriesResponse extends narthex.DeleteSeriesResponse.$Properties {
    }

    /** Represents a DeleteSeriesResponse. */
    class DeleteSeriesResponse {

        /**
         * Constructs a new DeleteSeriesResponse.
         * @param [properties] Properties to set
         */
        constructor(properties?: narthex.DeleteSeriesResponse.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** DeleteSeriesResponse series. */
        series: number;

        /** DeleteSeriesResponse nowMs. */
        nowMs: number;

        /**
         * Creates a new DeleteSeriesResponse instance using the specified properties.
         * @param [properties] Properties to set
         * @returns DeleteSeriesResponse instance
         */
        static create(properties: narthex.DeleteSeriesResponse.$Shape): narthex.DeleteSeriesResponse & narthex.DeleteSeriesResponse.$Shape;
        static create(properties?: narthex.DeleteSeriesResponse.$Properties): narthex.DeleteSeriesResponse;

        /**
         * Encodes the specified DeleteSeriesResponse message. Does not implicitly {@link narthex.DeleteSeriesResponse.verify|verify} messages.
         * @param message DeleteSeriesResponse message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: narthex.DeleteSeriesResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a DeleteSeriesResponse message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {narthex.DeleteSeriesResponse & narthex.DeleteSeriesResponse.$Shape} DeleteSeriesResponse
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): narthex.DeleteSeriesResponse & narthex.DeleteSeriesResponse.$Shape;
    }

    namespace DeleteSeriesResponse {

        /** Properties of a DeleteSeriesResponse. */
        interface $Properties {

            /** DeleteSeriesResponse series */
            series?: (number|null);

            /** DeleteSeriesResponse nowMs */
            nowMs?: (number|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a DeleteSeriesResponse. */
        type $Shape = narthex.DeleteSeriesResponse.$Properties;
    }

    /**
     * Properties of a FlushRequest.
     * @deprecated Use narthex.FlushRequest.$Properties instead.
     */
    interface IFlushRequest extends narthex.FlushRequest.$Properties {
    }

    /** Represents a FlushRequest. */
    class FlushRequest {

        /**
         * Constructs a new FlushRequest.
         * @param [properties] Properties to set
         */
        constructor(properties?: narthex.FlushRequest.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** FlushRequest tenant. */
        tenant?: (string|null);

        /**
         * Creates a new FlushRequest instance using the specified properties.
         * @param [properties] Properties to set
         * @returns FlushRequest instance
         */
        static create(properties: narthex.FlushRequest.$Shape): narthex.FlushRequest & narthex.FlushRequest.$Shape;
        static create(properties?: narthex.FlushRequest.$Properties): narthex.FlushRequest;

        /**
         * Encodes the specified FlushRequest message. Does not implicitly {@link narthex.FlushRequest.verify|verify} messages.
         * @param message FlushRequest message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: narthex.FlushRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a FlushRequest message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {narthex.FlushRequest & narthex.FlushRequest.$Shape} FlushRequest
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): narthex.FlushRequest & narthex.FlushRequest.$Shape;
    }

    namespace FlushRequest {

        /** Properties of a FlushRequest. */
        interface $Properties {

            /** FlushRequest tenant */
            tenant?: (string|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a FlushRequest. */
        type $Shape = narthex.FlushRequest.$Properties;
    }

    /**
     * Properties of a FlushResponse.
     * @deprecated Use narthex.FlushResponse.$Properties instead.
     */
    interface IFlushResponse extends narthex.FlushResponse.$Properties {
    }

    /** Represents a FlushResponse. */
    class FlushResponse {

        /**
         * Constructs a new FlushResponse.
         * @param [properties] Properties to set
         */
        constructor(properties?: narthex.FlushResponse.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /**
         * Creates a new FlushResponse instance using the specified properties.
         * @param [properties] Properties to set
         * @returns FlushResponse instance
         */
        static create(properties: narthex.FlushResponse.$Shape): narthex.FlushResponse & narthex.FlushResponse.$Shape;
        static create(properties?: narthex.FlushResponse.$Properties): narthex.FlushResponse;

        /**
         * Encodes the specified FlushResponse message. Does not implicitly {@link narthex.FlushResponse.verify|verify} messages.
         * @param message FlushResponse message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: narthex.FlushResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a FlushResponse message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {narthex.FlushResponse & narthex.FlushResponse.$Shape} FlushResponse
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): narthex.FlushResponse & narthex.FlushResponse.$Shape;
    }

    namespace FlushResponse {

        /** Properties of a FlushResponse. */
        interface $Properties {

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a FlushResponse. */
        type $Shape = narthex.FlushResponse.$Properties;
    }

    /**
     * Properties of a BlocksSelectRequest.
     * @deprecated Use narthex.BlocksSelectRequest.$Properties instead.
     */
    interface IBlocksSelectRequest extends narthex.BlocksSelectRequest.$Properties {
    }

    /** Represents a BlocksSelectRequest. */
    class BlocksSelectRequest {

        /**
         * Constructs a new BlocksSelectRequest.
         * @param [properties] Properties to set
         */
        constructor(properties?: narthex.BlocksSelectRequest.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** BlocksSelectRequest blocks. */
        blocks: string[];

        /** BlocksSelectRequest params. */
        params?: (narthex.SelectParams.$Properties|null);

        /**
         * Creates a new BlocksSelectRequest instance using the specified properties.
         * @param [properties] Properties to set
         * @returns BlocksSelectRequest instance
         */
        static create(properties: narthex.BlocksSelectRequest.$Shape): narthex.BlocksSelectRequest & narthex.BlocksSelectRequest.$Shape;
        static create(properties?: narthex.BlocksSelectRequest.$Properties): narthex.BlocksSelectRequest;

        /**
         * Encodes the specified BlocksSelectRequest message. Does not implicitly {@link narthex.BlocksSelectRequest.verify|verify} messages.
         * @param message BlocksSelectRequest message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: narthex.BlocksSelectRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a BlocksSelectRequest message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {narthex.BlocksSelectRequest & narthex.BlocksSelectRequest.$Shape} BlocksSelectRequest
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): narthex.BlocksSelectRequest & narthex.BlocksSelectRequest.$Shape;
    }

    namespace BlocksSelectRequest {

        /** Properties of a BlocksSelectRequest. */
        interface $Properties {

            /** BlocksSelectRequest blocks */
            blocks?: (string[]|null);

            /** BlocksSelectRequest params */
            params?: (narthex.SelectParams.$Properties|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a BlocksSelectRequest. */
        type $Shape = narthex.BlocksSelectRequest.$Properties;
    }

    /**
     * Properties of a BlocksLabelNamesRequest.
     * @deprecated Use narthex.BlocksLabelNamesRequest.$Properties instead.
     */
    interface IBlocksLabelNamesRequest extends narthex.BlocksLabelNamesRequest.$Properties {
    }

    /** Represents a BlocksLabelNamesRequest. */
    class BlocksLabelNamesRequest {

        /**
         * Constructs a new BlocksLabelNamesRequest.
         * @param [properties] Properties to set
         */
        constructor(properties?: narthex.BlocksLabelNamesRequest.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** BlocksLabelNamesRequest blocks. */
        blocks: string[];

        /** BlocksLabelNamesRequest params. */
        params?: (narthex.LabelParams.$Properties|null);

        /**
         * Creates a new BlocksLabelNamesRequest instance using the specified properties.
         * @param [properties] Properties to set
         * @returns BlocksLabelNamesRequest instance
         */
        static create(properties: narthex.BlocksLabelNamesRequest.$Shape): narthex.BlocksLabelNamesRequest & narthex.BlocksLabelNamesRequest.$Shape;
        static create(properties?: narthex.BlocksLabelNamesRequest.$Properties): narthex.BlocksLabelNamesRequest;

        /**
         * Encodes the specified BlocksLabelNamesRequest message. Does not implicitly {@link narthex.BlocksLabelNamesRequest.verify|verify} messages.
         * @param message BlocksLabelNamesRequest message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: narthex.BlocksLabelNamesRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a BlocksLabelNamesRequest message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {narthex.BlocksLabelNamesRequest & narthex.BlocksLabelNamesRequest.$Shape} BlocksLabelNamesRequest
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): narthex.BlocksLabelNamesRequest & narthex.BlocksLabelNamesRequest.$Shape;
    }

    namespace BlocksLabelNamesRequest {

        /** Properties of a BlocksLabelNamesRequest. */
        interface $Properties {

            /** BlocksLabelNamesRequest blocks */
            blocks?: (string[]|null);

            /** BlocksLabelNamesRequest params */
            params?: (narthex.LabelParams.$Properties|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a BlocksLabelNamesRequest. */
        type $Shape = narthex.BlocksLabelNamesRequest.$Properties;
    }

    /**
     * Properties of a BlocksLabelValuesRequest.
     * @deprecated Use narthex.BlocksLabelValuesRequest.$Properties instead.
     */
    interface IBlocksLabelValuesRequest extends narthex.BlocksLabelValuesRequest.$Properties {
    }

    /** Represents a BlocksLabelValuesRequest. */
    class BlocksLabelValuesRequest {

        /**
         * Constructs a new BlocksLabelValuesRequest.
         * @param [properties] Properties to set
         */
        constructor(properties?: narthex.BlocksLabelValuesRequest.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** BlocksLabelValuesRequest blocks. */
        blocks: string[];

        /** BlocksLabelValuesRequest params. */
        params?: (narthex.LabelParams.$Properties|null);

        /** BlocksLabelValuesRequest name. */
        name: string;

        /**
         * Creates a new BlocksLabelValuesRequest instance using the specified properties.
         * @param [properties] Properties to set
         * @returns BlocksLabelValuesRequest instance
         */
        static create(properties: narthex.BlocksLabelValuesRequest.$Shape): narthex.BlocksLabelValuesRequest & narthex.BlocksLabelValuesRequest.$Shape;
        static create(properties?: narthex.BlocksLabelValuesRequest.$Properties): narthex.BlocksLabelValuesRequest;

        /**
         * Encodes the specified BlocksLabelValuesRequest message. Does not implicitly {@link narthex.BlocksLabelValuesRequest.verify|verify} messages.
         * @param message BlocksLabelValuesRequest message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: narthex.BlocksLabelValuesRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a BlocksLabelValuesRequest message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {narthex.BlocksLabelValuesRequest & narthex.BlocksLabelValuesRequest.$Shape} BlocksLabelValuesRequest
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): narthex.BlocksLabelValuesRequest & narthex.BlocksLabelValuesRequest.$Shape;
    }

    namespace BlocksLabelValuesRequest {

        /** Properties of a BlocksLabelValuesRequest. */
        interface $Properties {

            /** BlocksLabelValuesRequest blocks */
            blocks?: (string[]|null);

            /** BlocksLabelValuesRequest params */
            params?: (narthex.LabelParams.$Properties|null);

            /** BlocksLabelValuesRequest name */
            name?: (string|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a BlocksLabelValuesRequest. */
        type $Shape = narthex.BlocksLabelValuesRequest.$Properties;
    }

    /**
     * Properties of a BlocksRequest.
     * @deprecated Use narthex.BlocksRequest.$Properties instead.
     */
    interface IBlocksRequest extends narthex.BlocksRequest.$Properties {
    }

    /** Represents a BlocksRequest. */
    class BlocksRequest {

        /**
         * Constructs a new BlocksRequest.
         * @param [properties] Properties to set
         */
        constructor(properties?: narthex.BlocksRequest.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /**
         * Creates a new BlocksRequest instance using the specified properties.
         * @param [properties] Properties to set
         * @returns BlocksRequest instance
         */
        static create(properties: narthex.BlocksRequest.$Shape): narthex.BlocksRequest & narthex.BlocksRequest.$Shape;
        static create(properties?: narthex.BlocksRequest.$Properties): narthex.BlocksRequest;

        /**
         * Encodes the specified BlocksRequest message. Does not implicitly {@link narthex.BlocksRequest.verify|verify} messages.
         * @param message BlocksRequest message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: narthex.BlocksRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a BlocksRequest message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {narthex.BlocksRequest & narthex.BlocksRequest.$Shape} BlocksRequest
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): narthex.BlocksRequest & narthex.BlocksRequest.$Shape;
    }

    namespace BlocksRequest {

        /** Properties of a BlocksRequest. */
        interface $Properties {

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a BlocksRequest. */
        type $Shape = narthex.BlocksRequest.$Properties;
    }

    /**
     * Properties of a ServedBlock.
     * @deprecated Use narthex.ServedBlock.$Properties instead.
     */
    interface IServedBlock extends narthex.ServedBlock.$Properties {
    }

    /** Represents a ServedBlock. */
    class ServedBlock {

        /**
         * Constructs a new ServedBlock.
         * @param [properties] Properties to set
         */
        constructor(properties?: narthex.ServedBlock.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** ServedBlock id. */
        id: string;

        /** ServedBlock mint. */
        mint: number;

        /** ServedBlock maxt. */
        maxt: number;

        /**
         * Creates a new ServedBlock instance using the specified properties.
         * @param [properties] Properties to set
         * @returns ServedBlock instance
         */
        static create(properties: narthex.ServedBlock.$Shape): narthex.ServedBlock & narthex.ServedBlock.$Shape;
        static create(properties?: narthex.ServedBlock.$Properties): narthex.ServedBlock;

        /**
         * Encodes the specified ServedBlock message. Does not implicitly {@link narthex.ServedBlock.verify|verify} messages.
         * @param message ServedBlock message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: narthex.ServedBlock.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a ServedBlock message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {narthex.ServedBlock & narthex.ServedBlock.$Shape} ServedBlock
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): narthex.ServedBlock & narthex.ServedBlock.$Shape;
    }

    namespace ServedBlock {

        /** Properties of a ServedBlock. */
        interface $Properties {

            /** ServedBlock id */
            id?: (string|null);

            /** ServedBlock mint */
            mint?: (number|null);

            /** ServedBlock maxt */
            maxt?: (number|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a ServedBlock. */
        type $Shape = narthex.ServedBlock.$Properties;
    }

    /**
     * Properties of a BlocksResponse.
     * @deprecated Use narthex.BlocksResponse.$Properties instead.
     */
    interface IBlocksResponse extends narthex.BlocksResponse.$Properties {
    }

    /** Represents a BlocksResponse. */
    class BlocksResponse {

        /**
         * Constructs a new BlocksResponse.
         * @param [properties] Properties to set
         */
        constructor(properties?: narthex.BlocksResponse.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** BlocksResponse blocks. */
        blocks: narthex.ServedBlock.$Properties[];

        /**
         * Creates a new BlocksResponse instance using the specified properties.
         * @param [properties] Properties to set
         * @returns BlocksResponse instance
         */
        static create(properties: narthex.BlocksResponse.$Shape): narthex.BlocksResponse & narthex.BlocksResponse.$Shape;
        static create(properties?: narthex.BlocksResponse.$Properties): narthex.BlocksResponse;

        /**
         * Encodes the specified BlocksResponse message. Does not implicitly {@link narthex.BlocksResponse.verify|verify} messages.
         * @param message BlocksResponse message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: narthex.BlocksResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a BlocksResponse message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {narthex.BlocksResponse & narthex.BlocksResponse.$Shape} BlocksResponse
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): narthex.BlocksResponse & narthex.BlocksResponse.$Shape;
    }

    namespace BlocksResponse {

        /** Properties of a BlocksResponse. */
        interface $Properties {

            /** BlocksResponse blocks */
            blocks?: (narthex.ServedBlock.$Properties[]|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a BlocksResponse. */
        type $Shape = narthex.BlocksResponse.$Properties;
    }

    /**
     * Properties of a SyncRequest.
     * @deprecated Use narthex.SyncRequest.$Properties instead.
     */
    interface ISyncRequest extends narthex.SyncRequest.$Properties {
    }

    /** Represents a SyncRequest. */
    class SyncRequest {

        /**
         * Constructs a new SyncRequest.
         * @param [properties] Properties to set
         */
        constructor(properties?: narthex.SyncRequest.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /**
         * Creates a new SyncRequest instance using the specified properties.
         * @param [properties] Properties to set
         * @returns SyncRequest instance
         */
        static create(properties: narthex.SyncRequest.$Shape): narthex.SyncRequest & narthex.SyncRequest.$Shape;
        static create(properties?: narthex.SyncRequest.$Properties): narthex.SyncRequest;

        /**
         * Encodes the specified SyncRequest message. Does not implicitly {@link narthex.SyncRequest.verify|verify} messages.
         * @param message SyncRequest message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: narthex.SyncRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a SyncRequest message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {narthex.SyncRequest & narthex.SyncRequest.$Shape} SyncRequest
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): narthex.SyncRequest & narthex.SyncRequest.$Shape;
    }

    namespace SyncRequest {

        /** Properties of a SyncRequest. */
        interface $Properties {

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a SyncRequest. */
        type $Shape = narthex.SyncRequest.$Properties;
    }

    /**
     * Properties of a SyncResponse.
     * @deprecated Use narthex.SyncResponse.$Properties instead.
     */
    interface ISyncResponse extends narthex.SyncResponse.$Properties {
    }

    /** Represents a SyncResponse. */
    class SyncResponse {

        /**
         * Constructs a new SyncResponse.
         * @param [properties] Properties to set
         */
        constructor(properties?: narthex.SyncResponse.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /**
         * Creates a new SyncResponse instance using the specified properties.
         * @param [properties] Properties to set
         * @returns SyncResponse instance
         */
        static create(properties: narthex.SyncResponse.$Shape): narthex.SyncResponse & narthex.SyncResponse.$Shape;
        static create(properties?: narthex.SyncResponse.$Properties): narthex.SyncResponse;

        /**
         * Encodes the specified SyncResponse message. Does not implicitly {@link narthex.SyncResponse.verify|verify} messages.
         * @param message SyncResponse message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: narthex.SyncResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a SyncResponse message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {narthex.SyncResponse & narthex.SyncResponse.$Shape} SyncResponse
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): narthex.SyncResponse & narthex.SyncResponse.$Shape;
    }

    namespace SyncResponse {

        /** Properties of a SyncResponse. */
        interface $Properties {

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a SyncResponse. */
        type $Shape = narthex.SyncResponse.$Properties;
    }
}
